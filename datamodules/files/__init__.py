"""Reading the files of datasets: images, masks, tables, lists and archives; and resizing images."""
