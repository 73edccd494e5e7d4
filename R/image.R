# A vector of images: each element a list of the encoded `bytes` or a `path`, with `width`, `height` and `mode`
# where they are known, or NULL where there is no image. Plain data, so it survives saveRDS().

new_image <- function(images = list()) {
  vctrs::new_vctr(images, class = "tidydl_image")
}

one_image <- function(bytes = NULL, path = NULL, width = NA_integer_, height = NA_integer_, mode = NA_character_) {
  list(bytes = bytes, path = path, width = width, height = height, mode = mode)
}

is_image <- function(x) inherits(x, "tidydl_image")

#' @export
format.tidydl_image <- function(x, ...) {
  vapply(vctrs::vec_data(x), format_image, character(1), USE.NAMES = FALSE)
}

format_image <- function(image) {
  if (is.null(image)) {
    return(NA_character_)
  }
  if (is.na(image$width)) {
    return("<img damaged>")
  }
  sprintf("<img %d\u00d7%d %s>", image$width, image$height, image$mode)
}

#' @exportS3Method vctrs::vec_ptype_abbr tidydl_image
vec_ptype_abbr.tidydl_image <- function(x, ...) "img"

#' @exportS3Method vctrs::vec_ptype_full tidydl_image
vec_ptype_full.tidydl_image <- function(x, ...) "image"

#' @exportS3Method pillar::pillar_shaft tidydl_image
pillar_shaft.tidydl_image <- function(x, ...) {
  pillar::new_pillar_shaft_simple(format(x), align = "left")
}

#' @exportS3Method vctrs::obj_print_data tidydl_image
obj_print_data.tidydl_image <- function(x, ...) {
  if (length(x)) {
    print(format(x), quote = FALSE)
  }
  invisible(x)
}

#' @exportS3Method vctrs::vec_ptype2 tidydl_image.tidydl_image
vec_ptype2.tidydl_image.tidydl_image <- function(x, y, ...) new_image()

#' @exportS3Method vctrs::vec_cast tidydl_image.tidydl_image
vec_cast.tidydl_image.tidydl_image <- function(x, to, ...) x

#' @export
as.character.tidydl_image <- function(x, ...) {
  # the path where there is one, so that a frame can be written as text
  vapply(vctrs::vec_data(x), function(image) {
    if (is.null(image$path)) format_image(image) else image$path
  }, character(1), USE.NAMES = FALSE)
}

#' @export
summary.tidydl_image <- function(object, ...) summary(format(object))
