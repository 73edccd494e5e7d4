# Python's own objects in R: modules, functions, models and data sets of courses, of class tidydl_python. Each is
# reticulate's reference to it with a class of ours in front, so that reticulate's functions take it as their own; what
# can be called is a function that holds the reference. All that is done with one is one call of perform() in
# python/tidydl/bridge/objects.py. Only what our own doors hand out is of this class: nothing is registered over objects
# that others import.

# Does something with an object. `convert`: whether a value comes as R has it, or as the object that it is.
act <- function(action, target = NULL, arguments = list(), keywords = NULL, convert = TRUE, call = NULL) {
  start_python(call)
  capture <- writes_page()
  found <- suspendInterrupts(door_to_objects()(action, target, arguments, keywords, convert, capture))
  if (!inherits(found, "tidydl.bridge.objects.Answer")) {
    return(python_object(found, convert))
  }
  content <- content_of(found)
  if (length(content[[3]]) && nzchar(content[[3]])) {
    cat(content[[3]])
  }
  switch(content[[1]],
    value = as_result(content[[2]], content[[4]], found),
    record = as_result(from_record(content[[2]]), content[[4]], found),
    object = python_object(part_of(found, "object"), convert),
    callable = python_object(part_of(found, "object"), convert, callable = TRUE),
    draws = act("call as is", target, arguments, with_seed_of_r(keywords, content[[2]]), convert, call),
    end = end_of_iterator,
    interrupted = raise_interrupt(),
    error = raise_from_object(content[[2]], call)
  )
}

end_of_iterator <- structure(list(), class = "tidydl_end")

# What Python prints reaches neither a rendered page nor capture.output(), so R writes it there.
writes_page <- function() isTRUE(getOption("knitr.in.progress")) || sink.number() > 0L

# Python's perform(), looked up once. Where nobody looks, no library shows progress.
door_to_objects <- function() {
  if (is.null(the$perform)) {
    the$perform <- raw_module("tidydl.bridge.objects")$perform
    if (!somebody_looks()) {
      act("quiet")
    }
  }
  the$perform
}

# Where random draws of a pipeline start: a number of R's own generator, so that set.seed() governs them. After
# transformers$set_seed() Python's generator does, until R's is seeded anew.
with_seed_of_r <- function(keywords, of_python) {
  if (of_python && !is_freshly_seeded()) {
    return(keywords)
  }
  if (of_python) {
    act("draw by R")
  }
  c(keywords, list(seed = sample.int(.Machine$integer.max, 1)))
}

is_freshly_seeded <- function() {
  seed <- globalenv()[[".Random.seed"]]
  !is.null(seed) && RNGkind()[[1]] == "Mersenne-Twister" && seed[[2]] == 624L
}

# An error of a function of R's that Python called is raised as what it was.
raise_from_object <- function(error, call) {
  raised <- the$function_condition
  the$function_condition <- NULL
  if (identical(decode_text(error$kind), "function") && !is.null(raised)) {
    rlang::cnd_signal(raised)
  }
  abort_from_python(error, call)
}

python_object <- function(reference, convert = TRUE, origin = NULL, callable = is.function(reference)) {
  force(callable)
  reference <- plain_reference(reference)
  assign("convert", convert, envir = reference) # where reticulate's own functions look
  classes <- unique(c("tidydl_python", class(reference), "python.builtin.object"))
  if (!callable) {
    return(structure(reference, class = classes, convert = convert, origin = origin))
  }
  holder <- environment()
  f <- function(...) call_object(current_reference(holder), list(...), convert, origin)
  structure(f, class = classes, py_object = reference, convert = convert)
}

# What reticulate knows an object by.
reference_of <- function(x) {
  if (inherits(x, "tidydl_delayed")) {
    return(resolve_delayed(x))
  }
  if (is.function(x)) {
    return(current_reference(environment(x)))
  }
  if (!is_ended(x)) {
    return(x)
  }
  if (!exists("again", envir = x, inherits = FALSE)) {
    assign("again", opened_again(origin_of(x)), envir = x)
  }
  get("again", envir = x)
}

current_reference <- function(holder) {
  if (is_ended(holder$reference)) {
    holder$reference <- opened_again(holder$origin)
  }
  holder$reference
}

plain_reference <- function(x) {
  held <- if (is.function(x)) attr(x, "py_object", exact = TRUE)
  if (is.null(held)) x else held
}

is_converting <- function(x) !identical(attr(x, "convert", exact = TRUE), FALSE)

call_object <- function(reference, given, convert = TRUE, origin = NULL, call = rlang::caller_env()) {
  named <- names(given) != ""
  arguments <- if (length(named)) unname(given[!named]) else given
  keywords <- if (length(named)) with_valid_names(lapply(given[named], to_python))
  value <- act("call", reference, lapply(arguments, to_python), keywords, convert, call = call)
  if (is.null(value)) invisible() else with_origin(value, origin_of_call(origin, given))
}

on_object <- function(action, x, ..., convert = is_converting(x), call = rlang::caller_env()) {
  act(action, reference_of(x), lapply(unname(list(...)), to_python), convert = convert, call = call)
}

#' @export
`$.tidydl_python` <- function(x, name) {
  value <- on_object("attribute", x, name)
  if (inherits(value, "tidydl_python")) with_origin(value, origin_of_part(x, name)) else value
}

#' @export
`[[.tidydl_python` <- function(x, name, ...) on_object("item", x, name)

# `x[1, ]`: an index left out is all of that dimension.
#' @export
`[.tidydl_python` <- function(x, ...) {
  if (...length() == 1L) {
    return(on_object("item", x, ..1))
  }
  keys <- lapply(seq_len(...length()), function(i) tryCatch(...elt(i), error = function(cnd) NULL))
  act("items", reference_of(x), lapply(keys, to_python), convert = is_converting(x))
}

#' @export
`$<-.tidydl_python` <- function(x, name, value) {
  on_object("set attribute", x, name, value)
  invisible(x)
}

#' @export
`[[<-.tidydl_python` <- function(x, name, value) {
  on_object("set item", x, name, value)
  invisible(x)
}

#' @export
`[<-.tidydl_python` <- `[[<-.tidydl_python`

#' @export
print.tidydl_python <- function(x, ...) {
  cat(format(x), "\n", sep = "")
  invisible(x)
}

#' @export
format.tidydl_python <- function(x, ...) {
  if (is_of_ended_python(x)) "<an object of a Python that has ended>" else on_object("text", x, convert = TRUE)
}

#' @export
summary.tidydl_python <- function(object, ...) object

#' @exportS3Method utils::str tidydl_python
str.tidydl_python <- function(object, ...) cat(format(object), "\n", sep = "")

#' @export
length.tidydl_python <- function(x) if (is_of_ended_python(x)) 1L else on_object("length", x, convert = TRUE)

#' @export
names.tidydl_python <- function(x) if (!is_of_ended_python(x)) unlist(on_object("names", x, convert = TRUE))

#' @exportS3Method utils::.DollarNames tidydl_python
.DollarNames.tidydl_python <- function(x, pattern = "") {
  grep(pattern, unlist(on_object("completions", x, convert = TRUE)), value = TRUE)
}

#' @export
as.character.tidydl_python <- function(x, ...) on_object("string", x, convert = TRUE)

#' @export
as.list.tidydl_python <- function(x, ...) {
  listed <- if (has_attribute(x, "keys")) {
    stats::setNames(lapply(names(x), function(name) x[[name]]), names(x))
  } else {
    on_object("list", x, convert = TRUE)
  }
  as.list(listed)
}

# Modules are not asked: some load libraries to find out.
has_attribute <- function(x, name) !inherits(x, "python.builtin.module") && has_part(reference_of(x), name)

#' @export
dim.tidydl_python <- function(x) {
  if (!is_of_ended_python(x) && has_attribute(x, "shape")) {
    as.integer(unlist(on_object("attribute", x, "shape", convert = TRUE)))
  }
}

#' @export
as.array.tidydl_python <- function(x, ...) as.array(on_object("numbers", x, convert = TRUE))

#' @export
as.matrix.tidydl_python <- function(x, ...) as.matrix(on_object("numbers", x, convert = TRUE))

#' @export
as.double.tidydl_python <- function(x, ...) as.double(on_object("numbers", x, convert = TRUE))

#' @export
as.integer.tidydl_python <- function(x, ...) as.integer(on_object("numbers", x, convert = TRUE))

#' @export
as.data.frame.tidydl_python <- function(x, ...) on_object("frame", x, convert = TRUE)

# Not `x[1:6]`, which would begin with the second row.
#' @exportS3Method utils::head tidydl_python
head.tidydl_python <- function(x, n = 6L, ...) utils::head(as.data.frame(x), n)

#' @exportS3Method tibble::as_tibble tidydl_python
as_tibble.tidydl_python <- function(x, ...) tibble::as_tibble(as.data.frame(x))

#' @export
Ops.tidydl_python <- function(e1, e2) {
  name <- operators_of_python[[.Generic]]
  if (is.null(name) || missing(e2)) {
    abort_tidydl("argument", sprintf("`%s` has no meaning for an object of Python here.", .Generic))
  }
  convert <- all(vapply(Filter(is_python_object, list(e1, e2)), is_converting, NA))
  act("operator", to_python(e1), list(to_python(e2), name), convert = convert)
}

operators_of_python <- list(
  `+` = "add", `-` = "sub", `*` = "mul", `/` = "truediv", `^` = "pow", `%%` = "mod", `%/%` = "floordiv", `==` = "eq",
  `!=` = "ne", `<` = "lt", `<=` = "le", `>` = "gt", `>=` = "ge", `&` = "and_", `|` = "or_"
)

is_python_object <- function(x) inherits(x, c("tidydl_python", "python.builtin.object"))

# The work is done inside a context of Python's, such as torch$no_grad(), which is left whatever happens.
#' @export
with.tidydl_python <- function(data, expr, as = NULL, ...) {
  context <- on_object("enter", data)
  name <- substitute(as)
  if (!is.null(name)) {
    assign(as.character(name), context, envir = parent.frame())
  }
  on.exit(on_object("leave", data))
  expr
}

# A module that is imported when something of it is first asked for.
delayed_module <- function(name, convert) {
  delayed <- new.env(parent = emptyenv())
  delayed$module <- name
  classes <- c("tidydl_delayed", "tidydl_python", "python.builtin.module", "python.builtin.object")
  structure(delayed, class = classes, convert = convert)
}

resolve_delayed <- function(x) {
  delayed <- unclass(x)
  if (is.null(delayed$reference)) {
    delayed$reference <- plain_reference(act("import", to_python(delayed$module), convert = FALSE))
  }
  delayed$reference
}
