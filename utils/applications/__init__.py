"""The models of the application chapters: for each kind of data the network and its classical rival, side by side."""
