# Images and audio to the records of python/tidydl/bridge/media.py and back.

encode_media <- function(x, name) {
  refuse_invalid(x, name)
  elements <- vctrs::vec_data(x)
  bytes <- lapply(elements, function(one) one[["bytes"]])
  lengths <- ifelse(vapply(bytes, is.null, logical(1)), -1L, lengths(bytes))
  paths <- vapply(elements, path_of_media, character(1))
  list(
    kind = if (is_image(x)) "image" else "audio", n = length(elements), data = as.raw(unlist(bytes)),
    lengths = bytes_of(as.integer(lengths)), path = encode_text(paths)
  )
}

decode_images <- function(record) {
  width <- integers(record$width)
  height <- integers(record$height)
  mode <- decode_text(record$mode)
  wrong <- decode_text(record$wrong)
  new_image(decode_media(record, function(i, bytes, path) {
    one_image(bytes, path, width[[i]], height[[i]], mode[[i]], wrong[[i]])
  }))
}

decode_audios <- function(record) {
  rate <- integers(record$rate)
  seconds <- readBin(record$seconds, "double", record$n, endian = "little")
  wrong <- decode_text(record$wrong)
  new_audio(decode_media(record, function(i, bytes, path) one_audio(bytes, path, seconds[[i]], rate[[i]], wrong[[i]])))
}

# Cuts the bytes of images or audio, laid end to end, apart; NULL where there is neither content nor path.
decode_media <- function(record, make) {
  lengths <- integers(record$lengths)
  path <- decode_text(record$path)
  ends <- cumsum(as.double(pmax(lengths, 0L)))
  lapply(seq_along(lengths), function(i) {
    bytes <- if (lengths[[i]] >= 0) record$data[seq.int(to = ends[[i]], length.out = lengths[[i]])]
    file <- if (!is.na(path[[i]])) path[[i]]
    if (!is.null(bytes) || !is.null(file)) make(i, bytes, file)
  })
}
