#' Load a data set as a tibble
#'
#' Reads local files and folders of tables, images or audio, or a data set on the Hugging Face Hub.
#'
#' @param path A file (.csv, .tsv, .parquet, .json, .jsonl, .txt, optionally compressed as .gz); a folder of such files,
#'   or of images or audio files in one subfolder per class or with a `metadata.csv`; a .zip file of those; a glob
#'   pattern such as `"data/*.csv"`; an R data file (.rds, .rda, .RData) that contains data frames; the name of a format
#'   (`"csv"`, `"parquet"`, `"json"`, `"imagefolder"`, `"audiofolder"`, `"text"`) together with `data_files` or
#'   `data_dir`; `owner/name` of a data set on the Hub; a data frame, or a named list of data frames by split; or the
#'   result of `as = "dataset"`.
#' @param name The configuration, for data sets with several: on the Hub, or in a folder whose README.md lists them.
#' @param data_dir The folder with the data files.
#' @param data_files The data files: one or several paths or glob patterns, or a named list of these by split.
#' @param split The rows to load: a split (`"train"`), a slice of it (`"train[:10%]"`, `"train[100:200]"`: counted from
#'   0, end excluded), concatenated splits (`"train+test"`), `"all"` (all splits, with a column `split`), or a vector of
#'   these. By default all splits. The objects of an R data file, and the data frames of a named list, are splits by
#'   name; a single data frame, in any file format, is `"train"`.
#' @param ... Legacy arguments of `load_dataset()` in other versions of `datasets`, accepted if they ask for what is the
#'   default here; any other argument is an error that names it. The arguments below must be given by their full names.
#' @param columns The names of the columns to keep, in that order. In parquet files only these are read.
#' @param n Number of rows to read from the start; all if there are fewer.
#' @param sample Number of rows to sample without replacement: those of `set.seed(seed); sample(nrow, sample)`, in that
#'   order, with R's default generators regardless of [RNGkind()], so that both languages draw the same rows. With
#'   several splits, each is sampled separately.
#' @param seed The seed of the sample; by default one draw from R's own generator, which advances by it, so that the
#'   sample follows [set.seed()].
#' @param as `"frame"` for tibbles; `"dataset"` for the object of the Python library `datasets`, whose attributes can be
#'   accessed as in Python (`dat$features$label$names`); `"arrow"` for an Arrow table (package arrow) with the schema
#'   metadata of `datasets`.
#' @param revision,token,cache_dir,verification_mode For a data set on the Hub: the commit, branch or tag, the access
#'   token, the cache folder, and which checks to run (`"all_checks"`, `"basic_checks"`, `"no_checks"`).
#' @param streaming Only `FALSE`: [stream_dataset()] processes data that do not fit into memory.
#' @param sep The separator of a csv file, by default a comma, or a tab in .tsv files; a warning is issued if the header
#'   does not contain it, and for numbers with decimal commas, which stay text.
#' @param field The name of the field in a JSON file that contains the array of records.
#' @param trusted Whether the files are your own, or from someone you trust as much as yourself. Otherwise links in a
#'   folder, and paths of image and audio files in the cells of a file, must not point outside their folder; and R data
#'   files are an error before R 4.4.0, where such a file can run code (CVE-2024-27322). From R 4.4.0 on, only plain
#'   data are read from them: vectors of common classes, and lists and data frames of these.
#'
#' @details In csv files empty fields and `NA` are missing values, quoted or not, and a column with a leading zero in
#'   any of its values (`007`) is read as text with all its digits, as in package readr. A column without a name, such
#'   as the row names written by [write.csv()], is called `X`, and a second `x` is called `x.1`, as in [read.csv()].
#'   Column types are inferred from all rows: even with `n` a csv or JSON file is read to its end. The index of a data
#'   frame that pandas wrote to parquet becomes a column of the same name, or `index` if it has none; an index that only
#'   numbers the rows, of each file or of all files together, is dropped. A .json file with a single object is one
#'   record; or, if all its values are arrays, or all are objects with the names `"0"`, `"1"` and so on as written by
#'   pandas, the columns of several records. In a .jsonl or .ndjson file each line is a record.
#'
#'   A column `.row` of a file is data like any other, with one exception: the row numbers in a parquet file written by
#'   [write_dataset()], or in Python, are counted from 1.
#'
#'   A README.md that describes the data (`configs`, `dataset_info`) is followed as `datasets` does: files, splits,
#'   labels and column types, `sep` of csv and `field` of JSON files, unless the call says otherwise. Any other option
#'   that it sets, such as `header` or `na_values`, and a value that is not of the declared type, is an error that names
#'   it.
#'
#'   References to other files (in a README, a metadata file or a cell, or as links) are only followed inside their
#'   folder. URLs in them are never fetched.
#'
#' @return A tibble if there is one split or `split` names one, otherwise a named list of tibbles by split, which prints
#'   as a table and can be combined with `dplyr::bind_rows(!!!x, .id = "split")`. Class labels are factors
#'   (`as.integer()` returns their codes, counted from 1), images a vector of class `tidydl_image` and audio of class
#'   `tidydl_audio`, dates are dates, lists are list columns. `attr(x, "tidydl")` describes what was loaded, except for
#'   R data files and data frames.
#' @section Errors: `tidydl_error_not_found` (path, file or split), `tidydl_error_column`, `tidydl_error_damaged`,
#'   `tidydl_error_data` (files or splits with incompatible columns; a link, a README or a cell that points outside its
#'   folder; a README with an unsupported option), `tidydl_error_argument`, `tidydl_error_hub`,
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
  of_source <- c(list(name = name, data_dir = data_dir, data_files = files_given(data_files)), of_hub)
  of_source$trusted <- check_flag("trusted", trusted)
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
  arguments <- c(of_source, list(split = as_list(split)), of_text, of_rows)
  if (!is_splits(path)) {
    return(loaded(path, arguments, as))
  }
  if (as == "dataset") {
    return(as_dataset(lapply(path, part_of_frame, arguments, rlang::current_env())))
  }
  new_splits(lapply(path, loaded, arguments, as, rlang::current_env()))
}

# One data set, or several by split, as what `as` says.
loaded <- function(path, arguments, as, call = rlang::caller_env()) {
  if (as == "dataset") {
    return(call_python("load_object", c(list(path = path), arguments), call = call))
  }
  if (as == "arrow") {
    need_package("arrow", "as = \"arrow\"", call)
    tables <- call_python("load_arrow", c(list(path = path), arguments), call = call)
    return(if (is.list(tables)) lapply(tables, arrow_table) else arrow_table(tables))
  }
  if (is.data.frame(path)) {
    return(part_of_frame(path, arguments, call))
  }
  frames <- call_python("load_dataset", c(list(path = path), arguments), call = call)
  if (is.data.frame(frames)) frames else new_splits(frames)
}

arrow_table <- function(bytes) getExportedValue("arrow", "read_ipc_stream")(bytes, as_data_frame = FALSE)

# For a data frame of R only the positions of its rows cross, so that its columns stay what they
# are.
part_of_frame <- function(data, arguments, call) {
  positions <- lapply(data, function(column) seq_len(nrow(data)))
  positions <- tibble::new_tibble(positions, nrow = nrow(data))
  picked <- call_python("load_dataset", c(list(path = positions), arguments), call = call)
  attr(picked, "tidydl") <- NULL
  rows <- if (length(picked)) picked[[1]] else seq_len(nrow(picked))
  kept <- if (is.null(arguments$columns)) seq_along(data) else match(names(picked), names(data))
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

# The seed of a sample without one: a number of R's own generator, so that set.seed() governs it.
where_to_draw <- function(sample, seed) {
  if (!is.null(sample) && is.null(seed)) sample.int(.Machine$integer.max, 1L)
}

as_list <- function(x) if (length(x) > 1L) as.list(x) else x

# A path that another package made, of fs or glue, say, as a plain one.
plain_path <- function(path) {
  if (is.character(path) && length(path) == 1L) as.vector(as.character(path)) else path
}

# Paths and patterns, by split if they are named; fs::dir_ls() names each by its own path.
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
#' @param data A data frame, the splits returned by [load_dataset()], or an object of [as_dataset()].
#'
#' @return A tibble with one row per column: `column` (its name), `kind` (double, integer, logical, string, label, date,
#'   datetime, time, duration, image, audio, binary, list), `levels` (a list column: the class names of a label,
#'   otherwise `NULL`), `missing` (the number of missing values) and `example` (the first non-missing value, as text).
#'   For splits the first column is `split`.
#' @section Errors: `tidydl_error_argument` if `data` is of any other type.
#' @examplesIf tidydl:::python_ready()
#' features(example_data("digits"))
#' @export
features <- function(data) {
  call_python("features", list(data = data))
}

#' Write a data set to parquet
#'
#' [load_dataset()] restores the data: factors with their levels, dates, timestamps with their time zones, durations
#' with their units, the distinction of missing values and `NaN`, list columns of vectors, of data frames (as created by
#' `tidyr::nest()`) and of lists, images and audio. For images and audio the contents are written, or the paths of those
#' that are files: paths below the folder of `path` are written relative to it, so that the folder can be moved; files
#' outside it must stay where they are and need `trusted = TRUE`; a file that no longer exists is shown as `<img
#' missing>`.
#'
#' @param data A data frame, or a named list of data frames by split. Row names are not written.
#' @param path A file name ending in `.parquet`; for splits a folder, in which each split is written to a file of its
#'   name. An existing file is replaced once everything is written, and keeps its mode. A folder that contains anything
#'   but files of the same splits is an error.
#' @param progress `TRUE` or `FALSE` to force or suppress a progress bar.
#'
#' @details Variable and value labels (`label`, `labels` and the other attributes of package haven) are restored, and so
#' are the classes `haven_labelled` and `hms`, unless Python has changed the type of the column; for several files or
#' batches, what is the same in all of them. Factors must have the same levels in all of them. Python sees the values
#' without the labels. All elements of a list column have one type:
#'
#' * vectors of one type, or `NULL`; numbers become doubles if any is a double, and `NA` takes the type of the others.
#'   Factors are restored if all have the same levels, and are otherwise read as text;
#' * data frames with the same columns. Factors in them get the union of the levels, and columns a common type;
#' * lists of vectors of one type, or named lists with the same names. Mixed types are an error.
#'
#' Not preserved are: other classes and attributes; names of vectors, as columns or in a list column; a factor level
#' `NA`, which becomes a missing value; tagged missing values of package haven; class `POSIXlt`, which becomes
#' `POSIXct`. Dates and durations stored as integers become doubles, dates are whole days, timestamps and durations have
#' nanosecond precision (microseconds before 1678 and after 2261), and `integer64` is read as integer, as double, or
#' beyond 2^53 as text. Complex numbers are an error.
#'
#' Integer columns `.row` and `.row_y` (of [similarity()]) count from 1 in R and from 0 in Python. The file notes from
#' which number they count, so that a result written in one language can be joined by `.row` in the other.
#'
#' @return The path, invisibly.
#' @section Errors: `tidydl_error_argument` (a path with another extension, a folder with other files, a split whose
#'   name is not a valid file name), `tidydl_error_data` (a column without a common type), `tidydl_error_storage`.
#' @seealso [stream_dataset()] writes data that do not fit into memory.
#' @examplesIf tidydl:::python_ready()
#' file <- tempfile(fileext = ".parquet")
#' write_dataset(iris, file)
#' load_dataset(file)
#' @export
write_dataset <- function(data, path, progress = NULL) {
  invisible(call_python("write_dataset", list(data = with_notes(data), path = plain_path(path)), progress))
}

#' Convert a data frame to a dataset of the Python library datasets
#'
#' @param data A data frame, or a named list of data frames by split, which become a `DatasetDict`.
#'
#' @return The Python object, with the column types as its features. It does not outlive the session.
#' @section Errors: `tidydl_error_argument`, `tidydl_error_data` (a column without a common type).
#' @examplesIf tidydl:::python_ready()
#' as_dataset(example_data("digits"))$features$label$names
#' @export
as_dataset <- function(data) {
  call_python("as_dataset", list(data = data))
}

#' Show or clear the download cache
#'
#' Lists what was downloaded from the Hugging Face Hub to this machine, or removes it. Other programs share this cache
#' (`HF_HOME`). Zip files of images or audio, which [load_dataset()] keeps extracted in tidydl's own cache
#' (`TIDYDL_CACHE`), are listed too; after removal, their files are unavailable until the zip file is loaded again.
#'
#' @param remove The entries to remove: the id of a model or data set, the path of a zip file, the hash of one version,
#'   several of these, or `TRUE` for all.
#'
#' @return A tibble with one row per version, the most recently used first: `kind` (a factor: model, dataset, space,
#'   kernel, unpacked), `id` (for extracted zip files the path of the zip file), `revision` (the hash of the commit or
#'   of the zip file; missing for an incomplete download), `refs` (the branches and tags it was requested by), `size_mb`
#'   and `last_used` (in UTC). With `remove`, the removed versions, invisibly.
#' @section Errors: `tidydl_error_not_found` if the repository or version does not exist, `tidydl_error_argument`,
#'   `tidydl_error_storage` if the folder is not writable.
#' @examplesIf tidydl:::python_ready()
#' cache()
#' @export
cache <- function(remove = NULL) {
  stored <- call_python("cache", list(remove = as_list(remove)))
  if (is.null(remove) || isFALSE(remove)) stored else invisible(stored)
}
