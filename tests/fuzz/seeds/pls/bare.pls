File1=a.mp3
Title1=
;c
File0=b.mp3