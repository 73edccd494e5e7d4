# Vectors of images and of audio clips: each element a list of the encoded `bytes` or a `path`, with known properties,
# or NULL. Plain data, so they survive saveRDS().

new_image <- function(images = list()) vctrs::new_vctr(images, class = c("tidydl_image", "tidydl_media"))

new_audio <- function(audios = list()) vctrs::new_vctr(audios, class = c("tidydl_audio", "tidydl_media"))

one_image <- function(bytes = NULL, path = NULL, width = NA_integer_, height = NA_integer_, mode = NA_character_,
                      wrong = NA_character_) {
  list(bytes = bytes, path = path, width = width, height = height, mode = mode, wrong = wrong)
}

one_audio <- function(bytes = NULL, path = NULL, seconds = NA_real_, rate = NA_integer_, wrong = NA_character_) {
  list(bytes = bytes, path = path, seconds = seconds, rate = rate, wrong = wrong)
}

is_image <- function(x) inherits(x, "tidydl_image")

is_audio <- function(x) inherits(x, "tidydl_audio")

is_media <- function(x) inherits(x, "tidydl_media")

#' @export
format.tidydl_image <- function(x, ...) {
  format_media(x, function(image) {
    if (!has_value(image[["width"]])) {
      return(sprintf("<img %s>", if (has_value(image[["wrong"]])) image[["wrong"]] else "of unknown size"))
    }
    sprintf("<img %.0f\u00d7%.0f %s>", image[["width"]], image[["height"]], image[["mode"]])
  })
}

#' @export
format.tidydl_audio <- function(x, ...) {
  format_media(x, function(audio) {
    if (!has_value(audio[["rate"]])) {
      return(sprintf("<audio %s>", if (has_value(audio[["wrong"]])) audio[["wrong"]] else "of unknown length"))
    }
    sprintf("<audio %.2f s %.0f Hz>", audio[["seconds"]], audio[["rate"]])
  })
}

# Elements built by hand may lack properties that one_image() and one_audio() set.
has_value <- function(x) !is.null(x) && !is.na(x)

format_media <- function(x, format_one) {
  vapply(vctrs::vec_data(x), function(one) {
    if (is.null(one)) NA_character_ else format_one(one)
  }, character(1), USE.NAMES = FALSE)
}

#' @exportS3Method vctrs::vec_ptype_abbr tidydl_image
vec_ptype_abbr.tidydl_image <- function(x, ...) "img"

#' @exportS3Method vctrs::vec_ptype_full tidydl_image
vec_ptype_full.tidydl_image <- function(x, ...) "image"

#' @exportS3Method vctrs::vec_ptype_abbr tidydl_audio
vec_ptype_abbr.tidydl_audio <- function(x, ...) "audio"

#' @exportS3Method vctrs::vec_ptype_full tidydl_audio
vec_ptype_full.tidydl_audio <- function(x, ...) "audio"

# Equal images or audio have equal paths and contents; vctrs compares no raw vectors.
#' @exportS3Method vctrs::vec_proxy_equal tidydl_media
vec_proxy_equal.tidydl_media <- function(x, ...) {
  vapply(vctrs::vec_data(x), function(one) {
    if (is.null(one)) NA_character_ else rlang::hash(one[c("bytes", "path")])
  }, character(1), USE.NAMES = FALSE)
}

#' @exportS3Method pillar::pillar_shaft tidydl_media
pillar_shaft.tidydl_media <- function(x, ...) {
  pillar::new_pillar_shaft_simple(format(x), align = "left")
}

#' @exportS3Method vctrs::obj_print_data tidydl_media
obj_print_data.tidydl_media <- function(x, ...) {
  if (length(x)) {
    print(format(x), quote = FALSE)
  }
  invisible(x)
}

#' @exportS3Method vctrs::vec_ptype2 tidydl_image.tidydl_image
vec_ptype2.tidydl_image.tidydl_image <- function(x, y, ...) new_image()

#' @exportS3Method vctrs::vec_cast tidydl_image.tidydl_image
vec_cast.tidydl_image.tidydl_image <- function(x, to, ...) x

#' @exportS3Method vctrs::vec_ptype2 tidydl_audio.tidydl_audio
vec_ptype2.tidydl_audio.tidydl_audio <- function(x, y, ...) new_audio()

#' @exportS3Method vctrs::vec_cast tidydl_audio.tidydl_audio
vec_cast.tidydl_audio.tidydl_audio <- function(x, to, ...) x

#' @export
as.character.tidydl_media <- function(x, ...) {
  # the path where there is one, so that a frame can be written as text
  shown <- format(x)
  paths <- vapply(vctrs::vec_data(x), path_of_media, character(1))
  ifelse(is.na(paths), shown, paths)
}

path_of_media <- function(one) if (is.null(one[["path"]])) NA_character_ else one[["path"]]

#' @export
summary.tidydl_media <- function(object, ...) summary(format(object))

# Pixels of R's own rasters as an array of rows, columns and channels, from 0 to 1.
raster_array <- function(x) {
  if (inherits(x, "nativeRaster")) {
    value <- matrix(unclass(x), nrow(x), ncol(x), byrow = TRUE)
    channel <- function(shift) bitwAnd(bitwShiftR(value, shift), 255L) / 255
    return(array(c(channel(0L), channel(8L), channel(16L), channel(24L)), c(dim(x), 4L)))
  }
  colours <- as.matrix(x)
  pixels <- array(t(grDevices::col2rgb(colours, alpha = TRUE)) / 255, c(dim(colours), 4L))
  if (all(pixels[, , 4] == 1)) pixels[, , -4, drop = FALSE] else pixels
}

is_raster <- function(x) inherits(x, c("raster", "nativeRaster"))
