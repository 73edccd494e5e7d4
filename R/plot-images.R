#' Plot the images of a data frame
#'
#' @param data A data frame with a column of images, or a vector of images.
#' @param n Maximum number of images.
#' @param image The column of images.
#' @param caption One or several columns, or a string in which column names are replaced by their values, such as
#'   `"label -> predicted"`. By default the column `label` if there is one; `""` for none.
#' @param ncol Number of images per row; by default about the number of rows.
#' @param seed The seed for sampling `n` rows at random, as by `set.seed(seed); sample_n(data, n)`; by default the first
#'   `n`.
#'
#' @return A ggplot: the images in a grid, each under its caption. Small images are enlarged without smoothing.
#' @section Errors: `tidydl_error_column`, `tidydl_error_data` (no rows), `tidydl_error_damaged`.
#' @examplesIf requireNamespace("ggplot2", quietly = TRUE) && tidydl:::python_ready()
#' plot_images(example_data("digits", split = "test"), n = 6)
#' @export
plot_images <- function(data, n = 12, image = "image", caption = NULL, ncol = NULL, seed = NULL) {
  need_package("ggplot2", "plot_images()")
  if (is_image(data)) {
    data <- tibble::tibble(image = data)
    image <- "image"
  }
  layout <- call_python("image_layout", list(
    data = data, n = n, image = image, caption = as_list(caption), ncol = ncol, seed = seed
  ))
  cells <- layout$cells
  pixels <- layout$pixels
  if (!nrow(cells)) {
    abort_tidydl("data", "`data` has no rows, so there is no image to draw.", "At least one row.")
  }
  ggplot2::ggplot() +
    ggplot2::geom_raster(ggplot2::aes(.data$x, .data$y, fill = .data$colour), pixels) +
    ggplot2::geom_text(
      ggplot2::aes(.data$x, .data$y, label = .data$caption), cells, vjust = 0, size = 9 / ggplot2::.pt
    ) +
    ggplot2::scale_fill_identity() +
    ggplot2::coord_fixed(expand = FALSE) +
    ggplot2::theme_void() +
    ggplot2::theme(legend.position = "none") +
    on_white()
}
