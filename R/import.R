# The doors to Python that code of courses uses, with reticulate's names and arguments.

#' Use Python's modules and objects
#'
#' `import()` returns a Python module, such as transformers, as code of courses uses it: `transformers <-
#' import("transformers")`. These functions have the names and arguments of package reticulate, so that code written for
#' it runs after `library(tidydl)` alone. Python is started by the first of them that needs it.
#'
#' @details
#' `import("transformers")` and `import("datasets")` are the installed libraries, in which names, arguments and results
#' that have changed since transformers 4 and datasets 2 are as they were. All other modules are the installed ones.
#'
#' * Values come as R has them: text, numbers, lists, arrays, data frames, dates. Everything else is an object of class
#'   `tidydl_python`, with `$` for its attributes and methods, `[` and `[[` for its items (counted from 0, as in
#'   Python), `$<-`, arithmetic, `names()`, `length()`, `dim()`, `as.list()`, `as.matrix()`, `as.numeric()`,
#'   `as.data.frame()` and `as_tibble()`. With `convert = FALSE` values stay Python's until `py_to_r()`.
#' * Arguments go to Python as reticulate sends them: a vector of length one is a single value, a longer one a list, a
#'   named list a dictionary, a function a function. A matrix is an array, a data frame a pandas frame, a missing value
#'   `None`. A double such as `3` is an integer where an integer is meant.
#' * A pipeline returns transformers' own list. `as.data.frame()` of it has one row per input (`label`, `score`,
#'   `label.1`, and so on), `tibble::as_tibble()` is the tidy frame of [pipeline()]. [set.seed()] governs random draws.
#' * `py$x` is a variable of Python's main module, which `py_run_string()` and `source_python()` write to, and
#'   `py$x <- value` sets it.
#' * `with(torch$no_grad(), {...})` runs code inside a context of Python.
#'
#' Attach reticulate before tidydl, or not at all: the package that is attached last provides `import()`.
#'
#' @param module The name of a Python module.
#' @param as Not needed; as in reticulate.
#' @param convert Whether values come as R has them, or stay objects of Python.
#' @param delay_load Whether to import the module when something of it is first used.
#' @param x For `py_to_r()` an object of Python or a value of R, which stays as it is; for `r_to_py()` a value of R; for
#'   `array_reshape()` an array.
#' @param code Python code: lines of text.
#' @param local Whether variables are to be kept apart from those of the main module.
#' @param file The path of a Python script.
#' @param envir The environment that gets the script's functions and variables.
#' @param ... For `dict()` named values, for `tuple()` values; or a list of them.
#' @param data A vector, matrix, array or list.
#' @param dtype A type of numpy, such as `"float32"`.
#' @param order `"C"` fills row by row, as numpy does, `"F"` column by column, as R does.
#' @param dim The new dimensions; one of them may be -1.
#' @param it A list, generator or other object that Python can iterate over.
#' @param f A function that is called with each element.
#' @param simplify Whether single values become a vector.
#'
#' @return `import()`, `import_builtins()`, `r_to_py()`, `dict()`, `tuple()` and `np_array()` an object of class
#'   `tidydl_python`; `py_to_r()` a value of R, where R has a type for it; `py_run_string()`, invisibly, the variables;
#'   `array_reshape()` an array; `iterate()` a list or vector of what `f` returns.
#' @section Errors: `tidydl_error_python` for an error raised by Python, with its class and message (the traceback is in
#'   the condition's `python_traceback`), `tidydl_error_dependency` for a library that is not installed,
#'   `tidydl_error_argument`. An error in an R function that Python calls stays what it is.
#' @seealso [use_python()] for what courses say about which Python is used; [pipeline()] and [load_dataset()], which
#'   return tidy data frames.
#' @examplesIf tidydl:::python_ready()
#' transformers <- import("transformers")
#' mood <- transformers$pipeline("text-classification", model = example_model("emotion"))
#' mood("I could sing all day.")[[1]]$label
#' as.data.frame(mood(c("I could sing all day.", "It is raining again.")))
#'
#' py_run_string("x = [1, 2, 3]")
#' py$x
#' @export
import <- function(module, as = NULL, convert = TRUE, delay_load = FALSE) {
  module <- check_text("module", module, "The name of a Python module, such as \"transformers\".")
  if (!isFALSE(delay_load) && is.null(the$start)) {
    return(delayed_module(module, convert))
  }
  imported(module, convert)
}

imported <- function(module, convert, call = rlang::caller_env()) {
  found <- act("import", to_python(module), convert = FALSE, call = call)
  python_object(reference_of(found), convert, list(how = "import", name = module))
}

#' @rdname import
#' @export
import_builtins <- function(convert = TRUE) imported("builtins", convert)

#' @rdname import
#' @format `py` is an object that stands for Python's main module.
#' @export
py <- structure(list(), class = "tidydl_main")

main_module <- function() imported("__main__", TRUE)

#' @export
`$.tidydl_main` <- function(x, name) main_module()[[name]]

#' @export
`[[.tidydl_main` <- function(x, name, ...) main_module()[[name]]

#' @export
`$<-.tidydl_main` <- function(x, name, value) {
  on_object("set attribute", main_module(), name, value)
  x
}

#' @export
`[[<-.tidydl_main` <- `$<-.tidydl_main`

#' @export
names.tidydl_main <- function(x) names(main_module())

#' @exportS3Method utils::.DollarNames tidydl_main
.DollarNames.tidydl_main <- function(x, pattern = "") grep(pattern, names(x), value = TRUE)

#' @export
print.tidydl_main <- function(x, ...) {
  cat("<Python's main module>\n")
  invisible(x)
}

#' @rdname import
#' @export
py_to_r <- function(x) {
  if (inherits(x, "tidydl_python")) {
    return(act("value", reference_of(x)))
  }
  if (inherits(x, "python.builtin.object")) act("value", plain_reference(x)) else x
}

#' @rdname import
#' @export
r_to_py <- function(x, convert = FALSE) {
  made <- act("value", to_python(x), convert = FALSE)
  python_object(reference_of(made), convert, callable = is.function(made))
}

#' @rdname import
#' @export
py_run_string <- function(code, local = FALSE, convert = TRUE) {
  code <- to_python(paste(code, collapse = "\n"))
  space <- act("run", code, list(to_python(local)), convert = FALSE)
  invisible(python_object(reference_of(space), convert))
}

#' @rdname import
#' @export
source_python <- function(file, envir = parent.frame(), convert = TRUE) {
  space <- py_run_string(readLines(file, encoding = "UTF-8"), convert = convert)
  for (name in unlist(act("public names", reference_of(space)))) {
    assign(name, space[[name]], envir = envir)
  }
  invisible()
}

#' @rdname import
#' @export
dict <- function(..., convert = FALSE) {
  values <- list(...)
  if (length(values) == 1L && is.null(names(values)) && is.list(values[[1L]])) {
    values <- values[[1L]]
  }
  keys <- lapply(as.list(names(values)), to_python)
  made <- act("dict", keys, list(lapply(unname(values), to_python)), convert = FALSE)
  python_object(reference_of(made), convert)
}

#' @rdname import
#' @export
tuple <- function(..., convert = FALSE) {
  values <- list(...)
  if (length(values) == 1L && is.list(values[[1L]]) && !is.object(values[[1L]])) {
    values <- values[[1L]]
  }
  made <- act("tuple", lapply(unname(values), to_python), convert = FALSE)
  python_object(reference_of(made), convert)
}

#' @rdname import
#' @export
np_array <- function(data, dtype = NULL, order = "C") {
  data <- if (is.atomic(data) && is.null(dim(data))) array(data, length(data)) else data
  act("array", to_python(data), list(to_python(dtype), to_python(order)), convert = FALSE)
}

#' @rdname import
#' @export
array_reshape <- function(x, dim, order = c("C", "F")) {
  order <- match.arg(order)
  x <- if (is_python_object(x)) py_to_r(x) else x
  dim <- as.integer(unlist(dim))
  dim[dim < 0L] <- length(x) / prod(dim[dim >= 0L])
  if (order == "F") {
    return(array(x, dim))
  }
  values <- if (is.null(base::dim(x))) x else aperm(x, rev(seq_along(base::dim(x))))
  aperm(array(values, rev(dim)), rev(seq_along(dim)))
}

#' @rdname import
#' @export
iterate <- function(it, f = base::identity, simplify = TRUE) {
  iterator <- reference_of(act("iterator", to_python(it), convert = FALSE))
  results <- list()
  repeat {
    value <- act("next", iterator)
    if (inherits(value, "tidydl_end")) {
      break
    }
    results[[length(results) + 1L]] <- f(value)
  }
  single <- vapply(results, function(each) is.atomic(each) && length(each) == 1L, NA)
  if (simplify && length(results) && all(single)) unlist(results) else results
}
