#' Load a data set as a tibble
#'
#' Local files and folders of tables, images or sounds, or a data set of the Hugging Face Hub.
#'
#' @param path A file (.csv, .tsv, .parquet, .json, .jsonl, .txt, also packed as .gz); a folder of such files, or of
#'   images or sounds in one subfolder per class or beside a `metadata.csv`; a .zip file of those; a pattern such as
#'   `"data/*.csv"`; a file of R's own (.rds, .rda, .RData) that holds data frames; the name of a format (`"csv"`,
#'   `"parquet"`, `"json"`, `"imagefolder"`, `"audiofolder"`, `"text"`) together with `data_files` or `data_dir`;
#'   `owner/name` of a data set on the Hub; a data frame, or several by split in a named
#'   list; or what `as = "dataset"` gives.
#' @param name The configuration, where a data set has several: on the Hub, or in a folder whose README.md lists them.
#' @param data_dir The folder of the files.
#' @param data_files Which files: a path or pattern, several, or a named list of split to either.
#' @param split Which rows: a split (`"train"`), a slice of it (`"train[:10%]"`, `"train[100:200]"`: these count from 0,
#'   without the last), several joined (`"train+test"`), `"all"` (all splits, with a column `split`), or a vector of
#'   such, for several at once. By default all splits. The objects of an R file, and the data frames of a named list,
#'   are splits by name; a lone data frame, in a file of any kind, is `"train"`.
#' @param ... What `load_dataset()` of other versions of `datasets` knows, where it asks for what is done anyway;
#'   everything else is refused by name. What follows is given by its whole name.
#' @param columns The names of the columns to keep, in that order. Of parquet files no others are read.
#' @param n How many rows, the first ones; all where there are fewer.
#' @param sample How many rows, drawn without replacement: those of `set.seed(seed); sample(nrow, sample)`, in order,
#'   with R's default generators whatever [RNGkind()] says, so that both languages draw the same. Several splits are
#'   each drawn from anew.
#' @param seed Where the draws start; by default at one draw of R's own generator, which moves on by it: [set.seed()]
#'   governs the sample then.
#' @param as `"frame"` for tibbles; `"dataset"` for the object of the Python library `datasets`, whose parts are at hand
#'   as in Python (`dat$features$label$names`); `"arrow"` for a table of package arrow, with the metadata of `datasets`.
#' @param revision,token,cache_dir,verification_mode Of a data set on the Hub: the commit, branch or tag, the access
#'   token, where it is kept, and what is checked (`"all_checks"`, `"basic_checks"`, `"no_checks"`).
#' @param streaming Only `FALSE`: [stream_dataset()] goes through data that do not fit into memory.
#' @param sep What separates the columns of a csv file, by default a comma, or a tab in files named .tsv; one that the
#'   header lacks is warned of, and so are numbers with decimal commas, which stay text.
#' @param field The name of the array of records inside a json file.
#' @param trusted Whether the files are yours, or of somebody whom you trust as yourself. Else links in a folder, and
#'   paths of images and sounds in the cells of a file, may not lead out of the folder that they came in; and files of
#'   R's own are refused before R 4.4.0, in which such a file can run code (CVE-2024-27322). From then on only plain
#'   data is taken of them: vectors of usual classes, and lists and data frames of these.
#'
#' @details In csv files an empty field and `NA` are missing, quoted or not, and a column with a leading zero in any
#'   of its values (`007`) is text, whose digits stay, as for package readr. A column without a name, such as the row
#'   names that [write.csv()] writes, is called `X`, and a second `x` is `x.1`, as by [read.csv()]. Kinds of columns
#'   are those of all rows: with `n` a csv or json file is still read to its end. The index of a frame that pandas
#'   wrote to parquet is a column of its name, or `index` where it has none; one that only counts the rows, of each
#'   file or of all the files that are read, is left out. A .json file that holds a single object is one record; or
#'   the columns of several, where all its values are arrays, or all are objects with the names `"0"`, `"1"` and so
#'   on, as pandas writes them. In a .jsonl or .ndjson file each line is a record.
#'
#'   What files say of other files is followed inside their folder only: in a README, a metadata file or a cell, or by
#'   links. URLs in them are never fetched.
#'
#' @return A tibble where there is one split or `split` names one, else a named list of tibbles, one a split, that
#'   prints as a table and that `dplyr::bind_rows(!!!x, .id = "split")` binds. Label columns are factors by name
#'   (`as.integer()` gives their codes, counted from 1), images a vector of class `tidydl_image` and sounds of class
#'   `tidydl_audio`, dates are dates, lists are list columns. `attr(x, "tidydl")` says what was loaded, but for data
#'   that were R's own.
#' @section Errors: `tidydl_error_not_found` (path, file or split), `tidydl_error_column`, `tidydl_error_damaged`,
#'   `tidydl_error_data` (files or splits that do not fit together; a link, a README or a cell that
#'   names a file outside of their folder), `tidydl_error_argument`, `tidydl_error_hub`,
#'   `tidydl_error_dependency` (package arrow).
#' @seealso [stream_dataset()], [features()], [write_dataset()], [as_dataset()], [cache()], [plot_images()]
#' @examplesIf tidydl:::python_ready()
#' file <- tempfile(fileext = ".csv")
#' writeLines(c("person,score", "a,1", "b,"), file)
#' load_dataset(file)
#' @export
load_dataset <- function(path, name = NULL, data_dir = NULL, data_files = NULL, split = NULL, ..., columns = NULL,
                         n = NULL, sample = NULL, seed = NULL, as = c("frame", "dataset", "arrow"), revision = NULL,
                         token = NULL, streaming = FALSE, cache_dir = NULL, verification_mode = NULL, sep = NULL,
                         field = NULL, trusted = FALSE) {
  as <- check_choice("as", as, c("frame", "dataset", "arrow"))
  path <- plain_path(path)
  refuse_streaming(streaming)
  older <- list(...)
  check_named(older, such_as = "columns = \"text\" or n = 100")
  of_hub <- list(revision = revision, token = token, cache_dir = cache_dir, verification_mode = verification_mode)
  of_place <- c(list(name = name, data_dir = data_dir, data_files = files_given(data_files)), of_hub)
  of_place$trusted <- check_flag("trusted", trusted)
  of_text <- list(sep = sep, field = field, older = older)
  of_rows <- list(columns = as_list(columns), n = n, sample = sample, seed = seed, drawn = where_to_draw(sample, seed))
  if (is_r_file(path)) {
    check_older("load_dataset", older)
    path <- splits_of_r_file(path, split, trusted)
    split <- NULL
  } else if (is_splits(path)) {
    path <- asked_splits(path, split)
    split <- NULL
  }
  given <- c(of_place, list(split = as_list(split)), of_text, of_rows)
  if (!is_splits(path)) {
    return(loaded(path, given, as))
  }
  if (as == "dataset") {
    return(as_dataset(lapply(path, part_of_frame, given, rlang::current_env())))
  }
  new_splits(lapply(path, loaded, given, as, rlang::current_env()))
}

# One data set, or several by split, as what `as` says.
loaded <- function(path, given, as, call = rlang::caller_env()) {
  if (as == "dataset") {
    return(call_python("load_object", c(list(path = path), given), call = call))
  }
  if (as == "arrow") {
    need_package("arrow", "as = \"arrow\"", call)
    tables <- call_python("load_arrow", c(list(path = path), given), call = call)
    return(if (is.list(tables)) lapply(tables, arrow_table) else arrow_table(tables))
  }
  if (is.data.frame(path)) {
    return(part_of_frame(path, given, call))
  }
  frames <- call_python("load_dataset", c(list(path = path), given), call = call)
  if (is.data.frame(frames)) frames else new_splits(frames)
}

arrow_table <- function(bytes) getExportedValue("arrow", "read_ipc_stream")(bytes, as_data_frame = FALSE)

# Of a data frame of R's own only the places of its rows cross to be picked from, so that its columns stay what they
# are.
part_of_frame <- function(data, given, call) {
  places <- lapply(data, function(column) seq_len(nrow(data)))
  places <- tibble::new_tibble(places, nrow = nrow(data))
  picked <- call_python("load_dataset", c(list(path = places), given), call = call)
  attr(picked, "tidydl") <- NULL
  rows <- if (length(picked)) picked[[1]] else seq_len(nrow(picked))
  kept <- if (is.null(given$columns)) seq_along(data) else match(names(picked), names(data))
  vctrs::vec_slice(tibble::as_tibble(data, .name_repair = "minimal")[kept], rows)
}

refuse_streaming <- function(streaming, call = rlang::caller_env()) {
  if (check_flag("streaming", streaming, call = call)) {
    abort_tidydl(
      "argument", "`streaming` is TRUE, and a tibble has all its rows.", "False.",
      "Go through the data batch by batch: stream_dataset(path, function(batch) ...).",
      call = call
    )
  }
}

# Where a sample without a seed starts: a number of R's own generator, so that set.seed() governs it.
where_to_draw <- function(sample, seed) {
  if (!is.null(sample) && is.null(seed)) sample.int(.Machine$integer.max, 1L)
}

as_list <- function(x) if (length(x) > 1L) as.list(x) else x

# A path that another package made, of fs or glue, say, as a plain one.
plain_path <- function(path) {
  if (is.character(path) && length(path) == 1L) as.vector(as.character(path)) else path
}

# Paths and patterns, by split where they are named; fs::dir_ls() names each by itself.
files_given <- function(files) {
  if (is.character(files)) {
    own <- identical(names(files), as.vector(as.character(files)))
    files <- stats::setNames(as.character(files), if (!own) names(files))
  }
  if (!is.null(names(files))) lapply(as.list(files), as_list) else as_list(files)
}

# Without the class "list", for which dplyr::bind_rows() would take each split as a column of one data frame.
new_splits <- function(frames) {
  if (all(vapply(frames, is.data.frame, NA))) structure(frames, class = "tidydl_splits") else frames
}

#' @export
print.tidydl_splits <- function(x, ...) {
  columns <- vapply(x, function(frame) paste(names(frame), collapse = ", "), character(1))
  print(tibble::tibble(split = names(x), rows = vapply(x, nrow, integer(1)), columns = unname(columns)))
  if (length(x)) {
    first <- deparse1(as.name(names(x)[[1]]), backtick = TRUE)
    how <- sprintf("# Each is a tibble: x$%s. In one: dplyr::bind_rows(!!!x, .id = \"split\").", first)
    cat(pillar::style_subtle(how), "\n", sep = "")
  }
  invisible(x)
}

#' @export
`[.tidydl_splits` <- function(x, i) new_splits(NextMethod())

#' @export
as.list.tidydl_splits <- function(x, ...) unclass(x)

is_splits <- function(x) {
  is.list(x) && !is.data.frame(x) && length(x) > 0 && all(vapply(x, is.data.frame, NA)) && !is.null(names(x))
}

#' Describe the columns of data
#'
#' @param data A data frame, the splits that [load_dataset()] gives, or an object of [as_dataset()].
#'
#' @return A tibble with a row per column: `column` (its name), `kind` (double, integer, logical, string, label, date,
#'   datetime, time, duration, image, audio, binary, list), `levels` (a list column: the names of a label, else `NULL`),
#'   `missing` (how many values are) and `example` (the first value that is not, as text). Of splits there is also
#'   `split`, first.
#' @section Errors: `tidydl_error_argument` where `data` is something else.
#' @examplesIf tidydl:::python_ready()
#' features(example_data("digits"))
#' @export
features <- function(data) {
  call_python("features", list(data = data))
}

#' Write a data set to parquet
#'
#' [load_dataset()] gives it back as it was: factors with their levels, dates, times with their zones, durations with
#' their units, what is missing and what is `NaN`, list columns of vectors, of data frames (as `tidyr::nest()` makes
#' them) and of lists, images and audio. Of these the contents are written, or the paths of those in files: below the
#' folder of `path` as seen from it, so that the folder may be moved; those outside of it must stay where they are and
#' need `trusted = TRUE`; one that is gone is `<img missing>`.
#'
#' @param data A data frame, or several by split in a named list. Row names are not written.
#' @param path A file named `.parquet`; for splits a folder, in which each gets a file of its name. A file that
#'   is there already is replaced when all is written, and keeps its mode. A folder that holds anything but files of the
#'   same splits is refused.
#' @param progress `TRUE` or `FALSE` to force a progress bar.
#'
#' @details
#' Variable and value labels (`label`, `labels` and what else package haven notes) come back, and so do the classes
#' `haven_labelled` and `hms`, where Python has not made the column another kind; of several files or batches what all
#' have alike. Factors must have the same levels in all of them. Python sees the values without the labels. A list
#' column is of one kind throughout:
#'
#' * vectors of one type, `NULL` where there is none; numbers become doubles where one is, and `NA` takes the type of
#'   the others. Factors come back where all have the same levels, and otherwise as text;
#' * data frames with the same columns. Factors in them get the levels of all, and columns the types of all;
#' * lists of vectors of one type, or named lists with the same names. Values of several types are refused.
#'
#' Not kept are: other classes and attributes; names of vectors, alone or in a list column; a level `NA` of a factor,
#' which is missing; tagged missing values of package haven; columns of class `POSIXlt`, which are `POSIXct`. Dates
#' and durations in whole numbers become doubles, dates count whole days, moments and durations go to the nanosecond (to
#' the microsecond before 1678 and after 2261), and `integer64` come back as integers, as doubles, or beyond 2^53 as
#' text. Complex numbers are refused.
#'
#' @return The path, invisibly.
#' @section Errors: `tidydl_error_argument` (a path that is not named so, a folder with other files, a split that
#'   no file can be named after), `tidydl_error_data` (a column without a common kind), `tidydl_error_storage`.
#' @seealso [stream_dataset()] writes data that do not fit into memory.
#' @examplesIf tidydl:::python_ready()
#' file <- tempfile(fileext = ".parquet")
#' write_dataset(iris, file)
#' load_dataset(file)
#' @export
write_dataset <- function(data, path, progress = NULL) {
  invisible(call_python("write_dataset", list(data = with_notes(data), path = plain_path(path)), progress))
}

#' A data frame as an object of the Python library datasets
#'
#' @param data A data frame, or several by split in a named list, which become a `DatasetDict`.
#'
#' @return The Python object, with the kinds of the columns as its features. It ends with the session.
#' @section Errors: `tidydl_error_argument`, `tidydl_error_data` (a column without a common kind).
#' @examplesIf tidydl:::python_ready()
#' as_dataset(example_data("digits"))$features$label$names
#' @export
as_dataset <- function(data) {
  call_python("as_dataset", list(data = data))
}

#' What was downloaded from the Hugging Face Hub
#'
#' Shows what takes room on this machine, or frees it. Other programs use the same folder (`HF_HOME`). Zip files of
#' images or sounds, which [load_dataset()] keeps unpacked in tidydl's own (`TIDYDL_CACHE`), are listed too; images of
#' one that is removed are gone until it is loaded again.
#'
#' @param remove What to remove: the id of a model or data set, the path of a zip file, the hash of one version, several
#'   of these, or `TRUE` for all.
#'
#' @return A tibble with a row per version, the last used first: `kind` (a factor: model, dataset, space, kernel,
#'   unpacked), `id` (of what is unpacked the path of the zip file), `revision` (the hash of the commit or of the zip
#'   file; missing for a download that never came to its end), `refs` (the branches
#'   and tags it was asked for by), `size_mb` and `last_used` (in UTC). With `remove` what was removed, invisibly.
#' @section Errors: `tidydl_error_not_found` where there is no such repository or version, `tidydl_error_argument`,
#'   `tidydl_error_storage` where the folder cannot be written.
#' @examplesIf tidydl:::python_ready()
#' cache()
#' @export
cache <- function(remove = NULL) {
  stored <- call_python("cache", list(remove = as_list(remove)))
  if (is.null(remove) || isFALSE(remove)) stored else invisible(stored)
}
