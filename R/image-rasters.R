# Images as R draws them.

#' Images as rasters
#'
#' `as.raster()` decodes images; `plot()` draws one, and several in a grid, as [plot_images()] does.
#'
#' @param x A vector of images, as returned by [load_dataset()].
#' @param ... For `plot()`, further arguments of the `plot()` method of rasters.
#' @param interpolate Whether enlarged pixels are smoothed.
#'
#' @return For one image a raster, as in grDevices; for several a list of rasters, `NULL` for missing images. `plot()`
#'   returns `x`, invisibly.
#' @section Errors: `tidydl_error_damaged` if an image cannot be read, `tidydl_error_data` if there are no images to
#'   draw.
#' @examplesIf tidydl:::python_ready()
#' digits <- example_data("digits", split = "test[:1]")
#' as.raster(digits$image)
#' plot(digits$image)
#' @importFrom grDevices as.raster
#' @name image-rasters
#' @export
as.raster.tidydl_image <- function(x, ...) {
  pixels <- call_python("image_pixels", list(images = x))
  rasters <- lapply(pixels, function(each) if (!is.null(each)) grDevices::as.raster(each, max = 255L))
  if (length(rasters) == 1L) rasters[[1L]] else rasters
}

#' @rdname image-rasters
#' @export
plot.tidydl_image <- function(x, ..., interpolate = FALSE) {
  check_flag("interpolate", interpolate)
  if (!length(x)) {
    abort_tidydl("data", "`x` has no images, so there is none to draw.", "At least one image.")
  }
  if (length(x) == 1L && !anyNA(x)) {
    plot(as.raster(x), ..., interpolate = interpolate)
  } else {
    print(plot_images(x, n = length(x)))
  }
  invisible(x)
}
