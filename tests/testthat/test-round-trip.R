# A tibble to a parquet file and back: identical but for the note of where it came from.

back <- function(data) {
  file <- withr::local_tempfile(fileext = ".parquet")
  write_dataset(data, file)
  plainly(load_dataset(file, trusted = TRUE)) # images may lie in other folders
}

plainly <- function(loaded) {
  attr(loaded, "tidydl") <- NULL
  loaded
}

kinds_of_columns <- function() {
  moments <- as.POSIXct(c("2024-02-29 10:30:00", NA, "1969-12-31 23:59:59.5"), tz = "UTC")
  tibble::tibble(
    double = c(1.5, NA, -Inf),
    whole_double = c(1, NA, 3),
    integer = c(1L, NA, -7L),
    logical = c(TRUE, NA, FALSE),
    character = c("caf\u00e9", NA, ""),
    factor = factor(c("b", NA, "a"), levels = c("b", "a", "unused")),
    ordered = factor(c("low", NA, "high"), levels = c("low", "high"), ordered = TRUE),
    date = as.Date(c("2024-02-29", NA, "1582-10-15")),
    utc = moments,
    berlin = as.POSIXct(moments, tz = "Europe/Berlin"),
    honolulu = structure(moments, tzone = "Pacific/Honolulu"),
    duration = as.difftime(c(90, NA, -0.5), units = "secs"),
    numbers = list(c(1, 2.5), NULL, c(3, 4, 5)),
    integers = list(1L, NULL, 2:4),
    texts = list("a", NULL, c("b", "c")),
    flags = list(TRUE, NULL, c(FALSE, TRUE))
  )
}

test_that("every kind of column comes back as it was, with what is missing", {
  skip_without_python()
  data <- kinds_of_columns()
  attr(data$berlin, "tzone") <- "Europe/Berlin"
  found <- back(data)
  for (name in names(data)) {
    expect_identical(found[[name]], data[[name]], label = name)
  }
  expect_identical(found, data)
})

test_that("no rows, and columns of nothing but missing values, come back", {
  skip_without_python()
  data <- kinds_of_columns()[1:12]
  expect_identical(back(data[0, ]), data[0, ])
  gone <- data[c(2, 2), ]
  expect_identical(back(gone), gone)
})

test_that("images and sounds come back by their contents and by their paths", {
  skip_without_python()
  digits <- example_data("digits", split = "test[:3]")
  digits$image[2] <- NA
  digits <- plainly(digits)
  expect_identical(back(digits), digits)
  folder <- normalizePath(shared_file("data", "shades"))
  shades <- plainly(load_dataset(folder))
  expect_identical(back(shades), shades)
  expect_true(all(grepl(folder, as.character(shades$image), fixed = TRUE)))
})

test_that("splits come back by name and in order", {
  skip_without_python()
  folder <- file.path(withr::local_tempdir(), "parts")
  parts <- list(train = tibble::tibble(x = 1:3), test = tibble::tibble(x = 4L))
  expect_identical(withVisible(write_dataset(parts, folder))$visible, FALSE)
  found <- load_dataset(folder)
  expect_identical(lapply(unclass(found), plainly), parts)
})

test_that("data frames in a list column come back as they were, whatever is in them", {
  skip_without_python()
  by_species <- unname(lapply(split(iris, iris$Species), tibble::as_tibble))
  data <- tibble::tibble(species = levels(iris$Species), data = by_species)
  expect_identical(back(data), data)
  inner <- kinds_of_columns()
  inner$span <- as.difftime(c(1.5, NA, 2), units = "hours")
  deeper <- tibble::tibble(at = list(inner, NULL, inner[0, ], inner[2, ]), n = 1:4)
  expect_identical(back(deeper), deeper)
  twice <- tibble::tibble(outer = list(deeper, deeper[2:3, ]))
  expect_identical(back(twice), twice)
})

test_that("what is in list columns comes back as it was, empty and missing ones included", {
  skip_without_python()
  level <- function(x) factor(x, levels = c("a", "b"))
  cells <- list(
    days = list(as.Date(c("2020-01-01", NA)), as.Date("2021-01-01"), NULL),
    moments = list(as.POSIXct(c("2020-01-01 12:00", NA), tz = "Europe/Vienna"), NULL),
    spans = list(as.difftime(c(1.5, NA), units = "hours"), as.difftime(2, units = "hours")),
    factors = list(level("a"), level(c("b", NA)), level(character())),
    integers = list(integer(), 1:2, NA_integer_),
    doubles = list(double(), c(1, NaN, NA), 2),
    texts = list(character(), NA_character_, c("a", NA)),
    no_texts = list(character(), NULL),
    flags = list(NA, logical(), c(TRUE, NA)),
    lists = list(list(1:2, 3L), list(4L), list(), NULL),
    lists_of_one = list(list("a", "b"), list("c")),
    lists_of_days = list(list(as.Date("2020-01-01"), as.Date(c("2020-01-02", NA)))),
    structures = list(list(x = 1, y = c("a", "b")), list(x = 2, y = "c"))
  )
  for (name in names(cells)) {
    data <- tibble::tibble(x = cells[[name]])
    expect_identical(back(data), data, label = name)
  }
  # what is of no kind takes that of the others
  expect_identical(back(tibble::tibble(x = list(NA, "a")))$x, list(NA_character_, "a"))
  expect_identical(back(tibble::tibble(x = list(1L, 2.5)))$x, list(1, 2.5))
  expect_identical(back(tibble::tibble(x = list(factor("a"), factor("b"))))$x, list("a", "b"))
})

test_that("units, zones, labels of columns and numbers that are no missing ones come back", {
  skip_without_python()
  labelled <- function(x) {
    structure(x, labels = c(no = 1, yes = 2), label = "Agreed?", class = c("haven_labelled", "vctrs_vctr", "double"))
  }
  data <- tibble::tibble(
    hours = as.difftime(c(1.5, NA), units = "hours"),
    weeks = as.difftime(c(1, 2), units = "weeks"),
    clock = structure(c(3600, NA), class = c("hms", "difftime"), units = "secs"),
    here = as.POSIXct(c("2020-01-01", NA)),
    now = structure(c(0, NA), class = c("POSIXct", "POSIXt")),
    nan = c(NaN, NA),
    agreed = labelled(c(1, NA)),
    age = structure(c(30L, NA), label = "Age in years"),
    group = structure(factor(c("a", NA)), label = "Group")
  )
  for (name in names(data)) {
    expect_identical(back(data[name]), data[name], label = name)
  }
  expect_identical(back(data), data)
  parts <- list(train = data, test = data[2, ])
  folder <- file.path(withr::local_tempdir(), "parts")
  write_dataset(parts, folder)
  expect_identical(lapply(unclass(load_dataset(folder)), plainly), parts)
})

test_that("a stream keeps what a file keeps", {
  skip_without_python()
  data <- tibble::tibble(
    span = as.difftime(1:4 / 4, units = "hours"), nan = c(NaN, NA, 1, 2),
    days = list(as.Date("2020-01-01"), as.Date(character()), NULL, as.Date(NA)),
    age = structure(1:4, label = "Age"), data = rep(list(tibble::tibble(x = 1:2)), 4)
  )
  copied <- withr::local_tempfile(fileext = ".parquet")
  stream_dataset(data, output = copied, batch_size = 2)
  expect_identical(plainly(load_dataset(copied)), data)
  given <- withr::local_tempfile(fileext = ".parquet")
  seen <- list()
  look <- function(batch) {
    seen <<- c(seen, list(plainly(batch)))
    batch
  }
  stream_dataset(copied, look, output = given, batch_size = 3)
  expect_identical(seen, list(data[1:3, ], data[4, ]))
  expect_identical(plainly(load_dataset(given)), data)
})

# A file whose columns are as given and whose notes are those of another.
with_notes_of <- function(columns, noted) {
  pq <- reticulate::import("pyarrow.parquet", convert = FALSE)
  files <- lapply(list(columns, noted), function(data) {
    write_dataset(data, withr::local_tempfile(fileext = ".parquet", .local_envir = parent.frame(3)))
  })
  table <- pq$read_table(files[[1]])
  ours <- reticulate::import_builtins(convert = FALSE)$bytes("tidydl", "ascii")
  notes <- reticulate::dict(tidydl = pq$read_table(files[[2]])$schema$metadata$get(ours), convert = FALSE)
  pq$write_table(table$replace_schema_metadata(notes), files[[1]])
  plainly(load_dataset(files[[1]]))
}

test_that("notes of a file that do not fit its columns are passed over", {
  skip_without_python()
  labelled <- structure(1, labels = c(no = 1), label = "Agreed?", class = c("haven_labelled", "vctrs_vctr", "double"))
  noted <- tibble::tibble(
    agreed = labelled, group = structure(factor("a"), label = "Group"), span = as.difftime(1, units = "hours"),
    factors = list(factor("a")), lists = list(list("a"))
  )
  other <- tibble::tibble(agreed = "yes", group = 1, span = "b", factors = list("b"), lists = "b")
  expect_identical(with_notes_of(other, noted), other)
  # a note is of all cells or of none
  cells <- tibble::tibble(x = list("a", "b"))
  expect_identical(with_notes_of(cells, tibble::tibble(x = list(factor("a")))), cells)
  # whole numbers may have become doubles
  whole <- with_notes_of(tibble::tibble(x = 1.5), tibble::tibble(x = structure(c(1L, NA), label = "Age")))
  expect_identical(whole$x, structure(1.5, label = "Age"))
})

test_that("of notes that differ between files what all have alike is kept", {
  skip_without_python()
  one <- tibble::tibble(
    x = structure(1, label = "Old"), y = structure(1, label = "Same"), z = list(factor("a")), days = list(as.Date(NA))
  )
  two <- tibble::tibble(
    x = structure(2, label = "New"), y = structure(2, label = "Same"), z = list(factor("b")),
    days = list(as.Date("2020-01-01"))
  )
  folder <- file.path(withr::local_tempdir(), "parts")
  write_dataset(list(train = one, test = two), folder)
  both <- load_dataset(folder, split = "all")
  expect_identical(both$x, c(1, 2))
  expect_identical(both$y, structure(c(1, 2), label = "Same"))
  expect_identical(both$z, list("a", "b"))
  expect_identical(both$days, c(one$days, two$days))
  changing <- withr::local_tempfile(fileext = ".parquet")
  stream_dataset(tibble::tibble(n = 1:2), function(batch) {
    tibble::tibble(x = structure(batch$n, label = paste("Batch", batch$n)), y = structure(batch$n, label = "Same"))
  }, output = changing, batch_size = 1)
  expect_identical(plainly(load_dataset(changing)), tibble::tibble(x = 1:2, y = structure(1:2, label = "Same")))
})

test_that("factors in nested data frames with other levels in a later batch are refused", {
  skip_without_python()
  nested <- function(batch) tibble::tibble(x = list(tibble::tibble(g = factor(letters[batch$n]))))
  expect_error(
    stream_dataset(tibble::tibble(n = 1:2), nested, output = tempfile(fileext = ".parquet"), batch_size = 1),
    "'x' has in its nested field 'g' the labels a in rows 1 to 1, but b in rows 2 to 2",
    class = "tidydl_error_data"
  )
})

test_that("attributes that are no plain values, and zones without a name, do no harm", {
  skip_without_python()
  data <- tibble::tibble(
    dated = structure(1, labels = c(new = as.Date("2020-01-01")), label = "When"),
    odd = structure(1, label = function(x) x), complex = structure(1, label = 1i),
    now = structure(0, class = c("POSIXct", "POSIXt"), tzone = character())
  )
  found <- back(data)
  expect_identical(found$dated, structure(1, label = "When"))
  expect_identical(list(found$odd, found$complex), list(1, 1))
  expect_identical(as.double(found$now), 0)
  local <- data.frame(at = 1)
  local$at <- structure(as.POSIXlt("2020-01-01", tz = ""), tzone = NULL)
  expect_identical(as.double(back(local)$at), as.double(as.POSIXct("2020-01-01")))
})

test_that("many vectors of one kind in a list column come back as they were", {
  skip_without_python()
  cells <- list(
    days = as.Date("2020-01-01") + 0:11, moments = as.POSIXct(1:12, origin = "1970-01-01", tz = "Europe/Berlin"),
    spans = as.difftime(1:12 / 4, units = "hours"), factors = factor(rep(c("b", "a"), 6), c("b", "a", "c")),
    ordered = factor(rep("a", 12), c("a", "z"), ordered = TRUE), whole = c(NA, 1:11)
  )
  for (name in names(cells)) {
    x <- c(unname(split(cells[[name]], rep(1:10, length.out = 12))), list(NULL), list(cells[[name]][0]))
    expect_identical(back(tibble::tibble(x = x))$x, x, label = name)
  }
})

test_that("values of several kinds in a list column are refused by the name of the column", {
  skip_without_python()
  mixed <- tibble::tibble(odd = list(1, "a"))
  wrong <- function(code) expect_error(code, "'odd' has values of different types", class = "tidydl_error_data")
  wrong(write_dataset(mixed, tempfile(fileext = ".parquet")))
  wrong(as_dataset(mixed))
  wrong(stream_dataset(tibble::tibble(n = 1), function(batch) mixed, output = tempfile(fileext = ".parquet")))
  expect_error(
    write_dataset(tibble::tibble(odd = list(mixed, iris)), tempfile(fileext = ".parquet")),
    "'odd' holds data frames with different columns",
    class = "tidydl_error_data"
  )
})

test_that("what cannot be written says so", {
  skip_without_python()
  data <- tibble::tibble(x = 1)
  expect_error(write_dataset(data, file.path(tempdir(), "x.csv")), class = "tidydl_error_argument")
  expect_error(write_dataset(data, file.path(tempdir(), "no", "x.parquet")), class = "tidydl_error_storage")
  expect_error(write_dataset(1:3, tempfile(fileext = ".parquet")), class = "tidydl_error_argument")
})

test_that("a file chooses no class of a column but those that are noted", {
  for (class in list(c("labelled", "nnet"), c("hms", "difftime"), c("haven_labelled", "data.frame"), "function")) {
    for (x in list(c(1, 2), list("a", 2))) {
      expect_identical(with_noted(x, list(class = as.list(class))), x)
    }
  }
  spans <- as.difftime(c(1, 2), units = "secs")
  expect_s3_class(with_noted(spans, list(class = list("hms", "difftime"))), c("hms", "difftime"), exact = TRUE)
  expect_identical(with_noted(spans, list(class = list("hms", "difftime", "lm"))), spans)
  labelled <- with_noted(c(1, 2), list(class = list("haven_labelled", "vctrs_vctr", "double")))
  expect_identical(oldClass(labelled), c("haven_labelled", "vctrs_vctr", "double"))
})

test_that("missing values in records stay in their place", {
  skip_without_python()
  cells <- list(list(a = 1L, b = "x"), list(a = 2L, b = NA_character_), list(a = NA, b = "z"))
  file <- withr::local_tempfile(fileext = ".parquet")
  write_dataset(tibble::tibble(l = cells), file)
  again <- load_dataset(file)$l
  expect_identical(vapply(again, function(cell) cell$b, ""), c("x", NA, "z"))
  expect_identical(vapply(again, function(cell) cell$a, 1L), c(1L, 2L, NA))
})
