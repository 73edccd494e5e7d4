#' Example data and models that work offline
#'
#' `examples()` lists them; `example_data()` loads data; `example_model()` returns the folder of a model for
#' [pipeline()] or [embed()].
#'
#' @param name For data `"digits"` (handwritten digits as images), `"anes96"` (a survey), `"emotion"` (sentences),
#'   `"diary"` (experience sampling) or `"bigfive"` (simulated); for models `"digits"`, `"emotion"` or `"minilm"`.
#' @param split For digits and emotion: `"train"`, `"test"`, or a slice such as `"train[:10%]"`. By default all rows,
#'   with a column `split`.
#'
#' @return `examples()`: a tibble with `name`, `kind` (factor: data, model), `rows`, `description`, `source`, `licence`.
#'   `example_data()`: a tibble. `example_model()`: a path.
#' @section Errors: `tidydl_error_not_found`, `tidydl_error_argument`, `tidydl_error_dependency` (the encoder of
#'   `"emotion"` and `"minilm"` is not installed).
#' @examplesIf tidydl:::python_ready()
#' examples()
#' example_data("anes96")
#' pipeline(model = example_model("digits"))(example_data("digits", split = "test")[1:3, ])
#' @export
examples <- function() {
  call_python("examples")
}

#' @rdname examples
#' @export
example_data <- function(name, split = NULL) {
  call_python("example_data", list(name = name, split = split))
}

#' @rdname examples
#' @export
example_model <- function(name) {
  call_python("example_model", list(name = name))
}
