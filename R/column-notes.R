# What only R tells apart of columns, noted beside the data of a file: plain lists, a note a column, that Python carries
# along unread. A column gets its note back where it still is of the kind that was noted.

noted_attributes <- c(
  "label", "labels", "na_values", "na_range", "display_width", "format.spss", "format.stata", "format.sas"
)
noted_classes <- c("haven_labelled", "haven_labelled_spss", "labelled", "hms")

# The data with their notes as an attribute, which encode_frame() hands on.
with_notes <- function(data) {
  if (!is.data.frame(data)) {
    return(if (is_splits(data)) lapply(data, with_notes) else data)
  }
  for (i in which(vapply(data, is_list_column, NA))) {
    data[[i]] <- lapply(data[[i]], function(cell) if (is.data.frame(cell)) with_notes(cell) else cell)
  }
  notes <- stats::setNames(lapply(data, note_of), names(data))
  notes <- notes[lengths(notes) > 0 & !is.na(names(notes)) & nzchar(names(notes))]
  if (length(notes) && !anyDuplicated(names(data))) {
    attr(data, "tidydl_notes") <- notes
  }
  data
}

is_list_column <- function(x) is.list(x) && !is_media(x) && !is.data.frame(x) && !inherits(x, "POSIXlt")

note_of <- function(x) {
  if (is_media(x)) {
    return(NULL)
  }
  if (is_list_column(x)) {
    return(note_of_cells(x))
  }
  attributes <- Filter(Negate(is.null), lapply(attributes(x)[noted_attributes], plain_attribute))
  c(
    note_of_time(x),
    if (any(class(x) %in% noted_classes)) list(class = as.list(class(x))),
    if (length(attributes)) list(attributes = attributes)
  )
}

# A few values, with their names where they have some.
plain_attribute <- function(value) {
  known <- value[!is.na(value)]
  if (is.atomic(known) && length(known)) {
    c(list(values = as.list(unname(known))), if (!is.null(names(known))) list(names = as.list(names(known))))
  }
}

note_of_time <- function(x) {
  if (inherits(x, "difftime")) {
    list(units = units(x))
  } else if (inherits(x, "POSIXct") && is.null(attr(x, "tzone"))) {
    list(zone = "none")
  } else if (inherits(x, c("POSIXct", "POSIXlt")) && !nzchar(attr(x, "tzone")[[1]])) {
    list(zone = "")
  }
}

# Of which kind the vectors in a list column are, where it is one: what is empty or missing does not tell by itself.
note_of_cells <- function(cells) {
  known <- unclass(cells)[!vapply(cells, is.null, NA)]
  if (!length(known) || any(vapply(known, is.data.frame, NA))) {
    return(NULL)
  }
  if (all(vapply(known, is_plain_list, NA))) {
    return(list(each = c(list(kind = "list"), note_of_cells(unlist(known, recursive = FALSE)))))
  }
  kinds <- unique(vapply(known[!vapply(known, is_unknown, NA)], kind_in_cell, ""))
  kinds <- if (setequal(kinds, c("integer", "double"))) "double" else kinds
  if (!length(kinds) && all(vapply(known, is.logical, NA))) {
    kinds <- "logical"
  }
  if (length(kinds) == 1 && !is.na(kinds)) {
    list(each = c(list(kind = kinds), note_of_kind(known[!vapply(known, is_unknown, NA)], kinds)))
  }
}

is_plain_list <- function(x) is.list(x) && is.null(attributes(x))

is_unknown <- function(x) is.logical(x) && all(is.na(x))

kind_in_cell <- function(x) {
  if (is.factor(x)) {
    return("factor")
  }
  known <- intersect(class(x), c("Date", "POSIXct", "difftime"))
  if (length(known)) {
    return(known)
  }
  if (typeof(x) %in% c("double", "integer", "logical", "character") && !is.object(x)) typeof(x) else NA_character_
}

# The levels, the units or the zone where all vectors have the same.
note_of_kind <- function(cells, kind) {
  about <- switch(kind,
    factor = lapply(cells, function(cell) list(levels = as.list(levels(cell)), ordered = is.ordered(cell))),
    POSIXct = ,
    difftime = lapply(cells, note_of_time)
  )
  if (length(unique(about)) == 1) about[[1]]
}

with_noted <- function(x, note) {
  if (!is.null(note$each)) {
    return(if (is.list(x)) lapply(x, cell_as_noted, note$each) else x)
  }
  x <- time_as_noted(x, note)
  for (name in intersect(names(note$attributes), noted_attributes)) {
    value <- note$attributes[[name]]
    attr(x, name) <- stats::setNames(unlist(value$values), unlist(value$names))
  }
  class <- unlist(note$class)
  if (any(class %in% noted_classes) && (!is.object(x) || inherits(x, class))) {
    class(x) <- class
  }
  x
}

time_as_noted <- function(x, note) {
  if (inherits(x, "difftime") && isTRUE(note$units %in% c("secs", "mins", "hours", "days", "weeks"))) {
    units(x) <- note$units
  } else if (inherits(x, "POSIXct") && !is.null(note$zone)) {
    attr(x, "tzone") <- if (identical(note$zone, "")) ""
  }
  x
}

cell_as_noted <- function(cell, note) {
  if (is.null(cell)) {
    return(NULL)
  }
  if (identical(note$kind, "list")) {
    return(if (is.null(note$each)) as.list(cell) else lapply(as.list(cell), cell_as_noted, note$each))
  }
  if (is_unknown(cell) || identical(cell, list())) {
    cell <- rep(missing_of(note), length(cell))
  } else if (identical(note$kind, "factor") && is.character(cell) && all(cell %in% c(NA, unlist(note$levels)))) {
    cell <- factor_as_noted(cell, note)
  }
  time_as_noted(cell, note)
}

missing_of <- function(note) {
  switch(as.character(note$kind),
    integer = NA_integer_,
    double = NA_real_,
    character = NA_character_,
    factor = factor_as_noted(NA_character_, note),
    Date = as.Date(NA_real_, origin = "1970-01-01"),
    POSIXct = structure(NA_real_, class = c("POSIXct", "POSIXt"), tzone = "UTC"),
    difftime = as.difftime(NA_real_, units = "secs"),
    NA
  )
}

factor_as_noted <- function(x, note) {
  if (is.null(note$levels)) x else factor(x, levels = unlist(note$levels), ordered = isTRUE(note$ordered))
}
