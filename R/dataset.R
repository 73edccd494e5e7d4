#' Load a data set as a tibble
#'
#' Local csv, parquet and json files, folders of them, folders of images, or a data set of the Hugging Face Hub.
#'
#' @param path A file (.csv, .tsv, .parquet, .json, .jsonl); a folder of such files, or of images in one subfolder per
#'   class; the name of a format (`"csv"`, `"parquet"`, `"json"`, `"imagefolder"`, `"text"`) together with `data_files`
#'   or `data_dir`; or `owner/name` of a data set on the Hub.
#' @param name The configuration, where a data set has several.
#' @param data_dir The folder of the files.
#' @param data_files Which files: a path or pattern, several, or a named list of split to either.
#' @param split Which rows: a split (`"train"`), a slice of it (`"train[:10%]"`), several joined (`"train+test"`),
#'   `"all"` (all splits, with a column `split`), or a vector of such. By default all splits.
#' @param revision The commit, branch or tag of a data set on the Hub.
#' @param sep What separates the columns of a csv file, by default a comma, or a tab in files named .tsv.
#' @param field The name of the array of records inside a json file.
#'
#' @return A tibble where there is one split or `split` names one, else a list of tibbles by split that prints as a
#'   table. Label columns are factors by name, images a vector of class `tidydl_image`, dates are dates.
#'   `attr(x, "tidydl")` says what was loaded.
#' @section Errors: `tidydl_error_not_found` (path, file or split), `tidydl_error_damaged`, `tidydl_error_argument`,
#'   `tidydl_error_hub`.
#' @examples
#' \dontrun{
#' file <- tempfile(fileext = ".csv")
#' writeLines(c("person,score", "a,1", "b,"), file)
#' load_dataset(file)
#' }
#' @export
load_dataset <- function(path, name = NULL, data_dir = NULL, data_files = NULL, split = NULL, revision = NULL,
                         sep = NULL, field = NULL) {
  frames <- call_python("load_dataset", list(
    path = path, name = name, data_dir = data_dir, data_files = data_files, split = as_list(split),
    revision = revision, sep = sep, field = field
  ))
  if (is.data.frame(frames)) frames else new_splits(frames)
}

as_list <- function(x) if (length(x) > 1L) as.list(x) else x

new_splits <- function(frames) structure(frames, class = c("tidydl_splits", "list"))

#' @export
print.tidydl_splits <- function(x, ...) {
  columns <- vapply(x, function(frame) paste(names(frame), collapse = ", "), character(1))
  print(tibble::tibble(split = names(x), rows = vapply(x, nrow, integer(1)), columns = unname(columns)))
  invisible(x)
}
