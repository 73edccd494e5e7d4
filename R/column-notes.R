# Properties of columns that only R has, noted beside the data of a file: plain lists, one per column, that Python
# passes on unread. A column gets its note back if it still has the noted type.

noted_attributes <- c(
  "label", "labels", "na_values", "na_range", "display_width", "format.spss", "format.stata", "format.sas"
)
noted_classes <- c("haven_labelled", "haven_labelled_spss", "labelled", "hms")
classes_beside <- c("vctrs_vctr", "double", "integer", "numeric", "character", "logical")

# The data with their notes as an attribute, which encode_frame() passes on.
with_notes <- function(data) {
  if (!is.data.frame(data)) {
    return(if (is_splits(data)) lapply(data, with_notes) else data)
  }
  for (i in which(vapply(data, is_list_column, NA))) {
    frames <- which(vapply(data[[i]], is.data.frame, NA))
    if (length(frames)) {
      data[[i]][frames] <- lapply(data[[i]][frames], with_notes)
    }
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
  note <- c(
    note_of_time(x),
    if (any(class(x) %in% noted_classes)) list(class = as.list(class(x))),
    if (length(attributes)) list(attributes = attributes)
  )
  if (length(note)) c(list(type = kept_type(x)), note)
}

# The key that shows whether a column still has the noted type; integers may have become doubles.
kept_type <- function(x) {
  if (is.factor(x)) {
    return("factor")
  }
  if (typeof(x) == "integer" || inherits(x, "POSIXlt")) "double" else typeof(x)
}

# A few values, with their names where they have some.
plain_attribute <- function(value) {
  if (!is.atomic(value) || is.object(value) || typeof(value) %in% c("complex", "raw")) {
    return(NULL)
  }
  present <- value[!is.na(value)]
  if (length(present)) {
    c(list(values = as.list(unname(present))), if (!is.null(names(present))) list(names = as.list(names(present))))
  }
}

note_of_time <- function(x) {
  if (inherits(x, "difftime")) {
    list(units = units(x))
  } else if (inherits(x, "POSIXct") && !length(attr(x, "tzone", exact = TRUE))) {
    list(zone = "none")
  } else if (inherits(x, c("POSIXct", "POSIXlt")) && names_no_zone(attr(x, "tzone", exact = TRUE))) {
    list(zone = "")
  }
}

names_no_zone <- function(tzone) !length(tzone) || !isTRUE(nzchar(tzone[[1]]))

# The common type of the vectors in a list column, if there is one; empty and missing ones do not tell.
note_of_cells <- function(cells, depth = 0L) {
  present <- unclass(cells)[!vapply(cells, is.null, NA)]
  if (!length(present) || depth > most_nested || any(vapply(present, is.data.frame, NA))) {
    return(NULL)
  }
  if (is.list(present[[1]]) && all(vapply(present, is_plain_list, NA))) {
    return(list(each = c(list(kind = "list"), note_of_cells(unlist(present, recursive = FALSE), depth + 1L))))
  }
  typed <- present[!are_unknown(present)]
  kinds <- kinds_in_cells(typed)
  kinds <- if (setequal(kinds, c("integer", "double"))) "double" else kinds
  if (!length(kinds) && all(vapply(present, is.logical, NA))) {
    kinds <- "logical"
  }
  if (length(kinds) == 1 && !is.na(kinds)) {
    list(each = c(list(kind = kinds), note_of_kind(typed, kinds)))
  }
}

is_plain_list <- function(x) is.list(x) && is.null(attributes(x))

is_unknown <- function(x) is.logical(x) && all(is.na(x))

are_unknown <- function(cells) {
  flags <- vapply(cells, typeof, "") == "logical"
  flags[flags] <- vapply(cells[flags], is_unknown, NA)
  flags
}

# The kinds that occur: of bare vectors their types, of the others what they are objects of.
kinds_in_cells <- function(cells) {
  objects <- vapply(cells, is.object, NA)
  alike <- objects & duplicated(lapply(cells, oldClass))
  bare <- kinds_of_bare(unique(vapply(cells[!objects], typeof, "")))
  unique(c(bare, vapply(cells[objects & !alike], kind_in_cell, "")))
}

kinds_of_bare <- function(types) {
  ifelse(types %in% c("double", "integer", "logical", "character"), types, rep(NA_character_, length(types)))
}

kind_in_cell <- function(x) {
  if (is.factor(x)) {
    return("factor")
  }
  classes <- intersect(class(x), c("Date", "POSIXct", "difftime"))
  if (length(classes)) classes[[1]] else NA_character_
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

# A note may come from anywhere; one that does not fit is ignored.
with_noted <- function(x, note) tryCatch(as_noted(x, note), error = function(cnd) x)

as_noted <- function(x, note) {
  if (!is.list(note)) {
    return(x)
  }
  if (!is.null(note$each)) {
    return(if (is.list(x)) cells_as_noted(x, note$each) else x)
  }
  if (!is.null(note$type) && !identical(note$type, kept_type(x))) {
    return(x)
  }
  x <- time_as_noted(x, note)
  for (name in intersect(names(note$attributes), noted_attributes)) {
    value <- note$attributes[[name]]
    attr(x, name) <- stats::setNames(unlist(value$values), unlist(value$names))
  }
  class <- unlist(note$class)
  if (any(class %in% noted_classes) && (!is.object(x) || inherits(x, class)) && may_become(x, class)) {
    class(x) <- class
  }
  x
}

# A file cannot choose the methods for a column: only known classes are restored, besides its own.
may_become <- function(x, class) {
  own <- c(oldClass(x), setdiff(noted_classes, if (!inherits(x, "difftime")) "hms"), classes_beside)
  is.character(class) && is.atomic(x) && all(class %in% own)
}

time_as_noted <- function(x, note) {
  if (inherits(x, "difftime") && isTRUE(note$units %in% c("secs", "mins", "hours", "days", "weeks"))) {
    units(x) <- note$units
  } else if (inherits(x, "POSIXct") && !is.null(note$zone)) {
    attr(x, "tzone") <- if (identical(note$zone, "")) ""
  }
  x
}

# A note is of all cells or of none: levels are those of every text.
cells_as_noted <- function(cells, note) {
  if (!is.list(note) || !length(note) || (identical(note$kind, "factor") && !all_are_levels(cells, note$levels))) {
    return(cells)
  }
  lapply(cells, cell_as_noted, note)
}

all_are_levels <- function(cells, levels) {
  texts <- cells[!vapply(cells, is.null, NA) & !are_unknown(cells) & lengths(cells) > 0]
  all(vapply(texts, typeof, "") == "character") && all(unlist(texts) %in% c(NA, unlist(levels)))
}

cell_as_noted <- function(cell, note) {
  if (is.null(cell)) {
    return(NULL)
  }
  if (identical(note$kind, "list")) {
    return(if (is.null(note$each)) as.list(cell) else cells_as_noted(as.list(cell), note$each))
  }
  if (is_unknown(cell) || identical(cell, list())) {
    cell <- rep(missing_of(note), length(cell))
  } else if (identical(note$kind, "factor") && is.character(cell)) {
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
