/* allowed.c - which containers and codecs of libav are let in: those that hold music in one file.
 *
 * Not in the list, for good: what names other files or addresses (hls, dash, concat, sdp, rtsp, webm_dash_manifest,
 * imf, image2, lavfi, devices), raw formats that any bytes fit (s16le, mulaw, data, g722 ...), text.  MPEG audio by
 * itself is left to libmpg123, which tells it from junk better. */
#include "allowed.h"

#include <string.h>

const char allowed_containers[] =
        "aac,ac3,eac3,dts,dtshd,truehd,mlp,loas," /* bare streams that can be told from junk */
        "ape,wv,tta,tak,shn,mpc,mpc8,dsf,wsd,iff,"
        "wav,w64,aiff,caf,au,voc,ogg,"
        "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,asf,flv,mpegts,mpeg,rm,"
        "oma,aea,amr,xwma,vqf,mmf,adx,hca,brstm,qcp,"
        "libopenmpt,libgme";

const char allowed_codecs[] =
        "aac,aac_latm,ac3,eac3,dca,truehd,mlp,alac,als,ape,wavpack,tta,tak,shorten,mpc7,mpc8,"
        "mp1,mp1float,mp2,mp2float,mp3,mp3float,mp3adufloat,mp3on4float,vorbis,opus,flac,speex,"
        "wmav1,wmav2,wmapro,wmalossless,wmavoice,xma1,xma2,"
        "dsd_lsbf,dsd_msbf,dsd_lsbf_planar,dsd_msbf_planar,dst,"
        "atrac1,atrac3,atrac3al,atrac3plus,atrac3plusal,atrac9,cook,ralf,sipr,real_144,real_288,"
        "amrnb,amrwb,gsm,gsm_ms,qcelp,evrc,nellymoser,qdm2,qdmc,twinvq,metasound,truespeech,hca,"
        "mace3,mace6,8svx_exp,8svx_fib,"
        "adpcm_ms,adpcm_ima_wav,adpcm_ima_qt,adpcm_yamaha,adpcm_adx,adpcm_swf,adpcm_ct,adpcm_thp,"
        "pcm_s8,pcm_u8,pcm_s16le,pcm_s16be,pcm_s24le,pcm_s24be,pcm_s32le,pcm_s32be,pcm_s64le,"
        "pcm_s64be,pcm_f32le,pcm_f32be,pcm_f64le,pcm_f64be,pcm_alaw,pcm_mulaw,pcm_s16le_planar,"
        "pcm_s24le_planar,pcm_s32le_planar,pcm_dvd,pcm_bluray";

/* Is the list of n_bytes at `name` part of the one in allowed_containers, between commas? */
bool is_allowed_container(const char *name)
{
	size_t n_bytes = strlen(name);
	const char *at = allowed_containers;

	while ((at = strstr(at, name)) != NULL) {
		bool begins = at == allowed_containers || at[-1] == ',';

		if (begins && (at[n_bytes] == ',' || at[n_bytes] == '\0'))
			return true;
		at++;
	}
	return false;
}
