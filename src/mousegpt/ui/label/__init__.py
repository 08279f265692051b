"""The page on which frames are labelled: an app, and one page of plain JavaScript."""
