# The parts of a saved network: JSON with every bit of the numbers, read with every length checked.
# python/tidydl/networks/saved/parts.py is the same in Python.

# Doubles with 17 digits, which tell each from every other; JSON's own numbers are finite.
numbers_json <- function(x) {
  x <- as.double(x)
  text <- sprintf("%.17g", x)
  text[x == 0 & 1 / x < 0] <- "-0.0" # "-0" would be read as a whole number
  text[is.na(x)] <- "null"
  text[is.nan(x)] <- "\"NaN\""
  text[is.infinite(x)] <- ifelse(x[is.infinite(x)] > 0, "\"Inf\"", "\"-Inf\"")
  json_as_is(sprintf("[%s]", paste(text, collapse = ",")))
}

number_json <- function(x) json_as_is(gsub("^\\[|\\]$", "", numbers_json(x)))

json_as_is <- function(text) structure(text, class = "json")

one_json <- function(x) if (is.null(x)) NULL else jsonlite::unbox(unname(x))

json_text <- function(x) {
  as.character(jsonlite::toJSON(x, null = "null", na = "null", json_verbatim = TRUE))
}

# An object of the file: its values, and where it stands, for messages.
saved_part <- function(values, file, place = "") {
  if (!is.list(values) || length(values) && is.null(names(values))) {
    damaged(list(file = file), if (nzchar(place)) sprintf("'%s' is no object", place) else "it is no object")
  }
  list(values = values, file = file, place = place)
}

damaged <- function(part, what) {
  abort_tidydl(
    "damaged", sprintf("`file` '%s' is damaged: %s.", part$file, what), "The file as save_model() wrote it.",
    "Save the network again.",
    call = quote(load_model())
  )
}

saved_name <- function(part, name) if (nzchar(part$place)) paste0(part$place, "$", name) else name

saved_value <- function(part, name) {
  if (!name %in% names(part$values)) {
    damaged(part, sprintf("'%s' is missing", saved_name(part, name)))
  }
  part$values[[name]]
}

not_saved_as <- function(part, name, allowed) damaged(part, sprintf("'%s' is not %s", saved_name(part, name), allowed))

is_saved_null <- function(part, name) is.null(part$values[[name]])

part_in <- function(part, name) saved_part(saved_value(part, name), part$file, saved_name(part, name))

parts_in <- function(part, name) {
  values <- saved_list(part, name)
  Map(
    function(each, i) saved_part(each, part$file, sprintf("%s[%d]", saved_name(part, name), i)),
    values, seq_along(values)
  )
}

# A list without names, of so many values where that is known.
saved_list <- function(part, name, length = NULL) {
  values <- saved_value(part, name)
  if (!is.list(values) || !is.null(names(values))) {
    not_saved_as(part, name, "a list")
  }
  if (!is.null(length) && length(values) != length) {
    damaged(part, sprintf("'%s' has %d values for %.0f", saved_name(part, name), length(values), length))
  }
  values
}

not_finite <- c("NaN" = NaN, "Inf" = Inf, "-Inf" = -Inf)

# NULL where one of the values is no number.
doubles_of <- function(values) {
  values[vapply(values, is.null, logical(1))] <- NA_real_
  written <- vapply(values, function(value) is.character(value) && value %in% names(not_finite), logical(1))
  values[written] <- not_finite[unlist(values[written])]
  if (all(vapply(values, function(value) is.numeric(value) || identical(value, NA_real_), logical(1)))) {
    as.double(unlist(values))
  }
}

saved_numbers <- function(part, name, length = NULL) {
  values <- doubles_of(saved_list(part, name, length))
  if (is.null(values)) not_saved_as(part, name, "numbers") else values
}

saved_matrix <- function(part, name, rows, columns) {
  matrix(saved_numbers(part, name, rows * columns), rows, columns, byrow = TRUE)
}

saved_number <- function(part, name) {
  value <- saved_value(part, name)
  value <- if (is.list(value)) NULL else doubles_of(list(value))
  if (is.null(value)) not_saved_as(part, name, "one number") else value
}

saved_whole <- function(part, name, most = 2^53) {
  value <- saved_value(part, name)
  right <- is.numeric(value) && is.finite(value) && value == floor(value) && value >= 0 && value <= most
  if (right) value else not_saved_as(part, name, "a whole number of the right size")
}

saved_optional_whole <- function(part, name) {
  if (is_saved_null(part, name)) NA_integer_ else as.integer(saved_whole(part, name, .Machine$integer.max))
}

saved_wholes <- function(part, name, length = NULL) {
  values <- saved_numbers(part, name, length)
  right <- all(is.finite(values) & values == floor(values) & abs(values) <= 2^53)
  if (right) values else not_saved_as(part, name, "whole numbers")
}

saved_flag <- function(part, name) {
  value <- saved_value(part, name)
  if (is.logical(value)) value else not_saved_as(part, name, "true or false")
}

saved_flags <- function(part, name, length) {
  values <- saved_list(part, name, length)
  if (all(vapply(values, is.logical, logical(1)))) {
    as.logical(unlist(values))
  } else {
    not_saved_as(part, name, "true or false for each")
  }
}

saved_text <- function(part, name) {
  value <- saved_value(part, name)
  if (is.character(value)) value else not_saved_as(part, name, "a text")
}

saved_texts <- function(part, name, length = NULL, distinct = FALSE) {
  values <- saved_list(part, name, length)
  right <- all(vapply(values, is.character, logical(1))) && !(distinct && anyDuplicated(values))
  if (!right) {
    not_saved_as(part, name, if (distinct) "different texts" else "texts")
  }
  as.character(unlist(values))
}

saved_choice <- function(part, name, choices) {
  value <- saved_text(part, name)
  if (value %in% choices) value else not_saved_as(part, name, "known")
}
