[playlist]
NumberOfEntries=2
File1=a.mp3
Title1=A
Length1=1
File2=file:///b%20c.mp3
Version=2
