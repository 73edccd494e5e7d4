# Code shared by all plots, and sizes that both languages draw alike: widths and diameters in points, as
# in python/tidydl/plots/units.py.

base_size <- 11 # of the text of a theme

# A layer of lines with widths in points. ggplot2 measures lines in units of 72.27 / 96 points times .pt.
line_layer <- function(layer, points, ...) {
  arguments <- list(...)
  arguments[[line_aesthetic()]] <- line_size(points)
  do.call(layer, arguments)
}

line_size <- function(points) points * 96 / 72 / ggplot2::.pt

line_aesthetic <- function() if (utils::packageVersion("ggplot2") >= "3.4.0") "linewidth" else "size"

# The size of a circle of a diameter in points, without its border. A point of R is three quarters of its font's size.
point_size <- function(points, stroke = 0.5) {
  max((points / 0.75 - stroke * ggplot2::.stroke / 2) / ggplot2::.pt, 0)
}

# The background for themes with a transparent one, which dark pages show through.
on_white <- function() ggplot2::theme(plot.background = ggplot2::element_rect(fill = "white", colour = NA))
