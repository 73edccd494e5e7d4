# What a vector of a class must be for that class's methods not to fail: files and users can put any class on any
# values. Returns what is wrong, for an error message, or NULL.

what_is_invalid <- function(x) {
  if (!is.object(x)) {
    return(NULL)
  }
  classes <- oldClass(x)
  kind <- Find(function(each) each %in% classes, names(invalid_kinds))
  if (!is.null(kind)) invalid_kinds[[kind]](x)
}

refuse_invalid <- function(x, name) {
  wrong <- what_is_invalid(x)
  if (!is.null(wrong)) {
    abort_tidydl("bridge", sprintf("%s %s.", name, wrong), "A valid vector.", "Create it again.")
  }
}

invalid_factor <- function(x) {
  levels <- attr(x, "levels", exact = TRUE)
  if (typeof(x) != "integer" || typeof(levels) != "character" || anyDuplicated(levels)) {
    return("is a factor without valid levels")
  }
  codes <- unclass(x)
  if (min(codes, 1L, na.rm = TRUE) < 1L || max(codes, 0L, na.rm = TRUE) > length(levels)) {
    "is a factor with values that are not levels"
  }
}

invalid_time <- function(x) {
  zone <- attr(x, "tzone", exact = TRUE)
  if (!is_of_numbers(x) || !is.null(zone) && typeof(zone) != "character") "holds times that are not numbers"
}

invalid_parts <- function(x) {
  right <- typeof(x) == "list" && tryCatch(is.numeric(unclass(as.POSIXct(x))), error = function(cnd) FALSE)
  if (!right) "holds times whose parts do not fit"
}

invalid_duration <- function(x) {
  units <- attr(x, "units", exact = TRUE)
  is_unit <- is.character(units) && length(units) == 1L && units %in% c("secs", "mins", "hours", "days", "weeks")
  if (!is_of_numbers(x) || !is_unit) "holds durations without a known unit"
}

invalid_media <- function(x) {
  right <- typeof(x) == "list" && inherits(x, "vctrs_vctr") && is_image(x) != is_audio(x) &&
    all(vapply(unclass(x), is_media_element, logical(1)))
  if (!right) "holds images or audio that are neither contents nor a path"
}

is_media_element <- function(one) {
  if (is.null(one)) {
    return(TRUE)
  }
  plain <- typeof(one) == "list" && !is.object(one)
  plain && (is.null(one[["bytes"]]) || is.raw(one[["bytes"]])) && (is.null(one[["path"]]) || is_path(one[["path"]])) &&
    are_facts(one[setdiff(names(one), c("bytes", "path"))])
}

# The properties of an image or an audio clip: all that are printed if it has a size or a rate.
are_facts <- function(facts) {
  numbers <- facts[intersect(names(facts), c("width", "height", "seconds", "rate"))]
  texts <- facts[intersect(names(facts), c("mode", "wrong"))]
  all(lengths(facts) == 1L) && all(vapply(numbers, is.numeric, NA)) && all(vapply(texts, is.character, NA)) &&
    ("width" %in% names(facts)) == all(c("height", "mode") %in% names(facts)) &&
    ("rate" %in% names(facts)) == ("seconds" %in% names(facts))
}

is_path <- function(x) is.character(x) && !is.object(x) && length(x) == 1L && !is.na(x)

is_of_numbers <- function(x) typeof(x) %in% c("double", "integer")

invalid_kinds <- list(
  factor = invalid_factor, POSIXct = invalid_time, POSIXlt = invalid_parts, difftime = invalid_duration,
  Date = function(x) if (!is_of_numbers(x)) "holds dates that are not numbers",
  integer64 = function(x) if (typeof(x) != "double") "holds 64-bit integers that are not stored as doubles",
  tidydl_media = invalid_media
)

# Nested lists; recursion must end before R's own limit on calls.
most_nested <- 32L

refuse_nested <- function(name, depth) {
  if (depth > most_nested) {
    abort_tidydl(
      "data", sprintf("%s is nested more than %d lists deep.", sub(", item.*", "", name), most_nested),
      "Lists with fewer lists inside each other.",
      call = NULL
    )
  }
}
