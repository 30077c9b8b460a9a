[PLAYLIST]
file3 = c.mp3
#JUKEBOX: gap=2
FILE1=a.mp3
Title9=x
File1=again.mp3
File-1=d
File4294967297=e
FileX=f
junk
[other]
File5=g
