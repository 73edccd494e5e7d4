# The doors to Python that code of courses uses: values, arguments, errors. What pipelines and data sets give is in
# test-course-results.R.

in_python <- function(...) {
  skip_without_python()
  py_run_string(paste(..., sep = "\n"))
}

# What a fresh session of R says: its lines on both streams.
lines_of_session <- function(...) {
  script <- withr::local_tempfile(fileext = ".R", lines = c(...))
  rscript <- file.path(R.home("bin"), "Rscript")
  suppressWarnings(system2(rscript, c("--no-init-file", shQuote(script)), stdout = TRUE, stderr = TRUE))
}

test_that("library(tidydl) offers import() without loading reticulate or starting Python", {
  said <- lines_of_session(
    "library(tidydl)", "stopifnot(is.function(import), inherits(py, 'tidydl_main'))",
    "cat(isNamespaceLoaded('reticulate'))"
  )
  expect_match(said[[length(said)]], "FALSE$")
})

test_that("reticulate, attached later, is said to mask import(), and attached first is masked", {
  said <- lines_of_session("library(tidydl)", "library(reticulate)", "cat(environmentName(environment(import)))")
  expect_identical(sum(grepl("reticulate masks import()", said, fixed = TRUE)), 1L)
  expect_identical(said[[length(said)]], "reticulate")
  said <- lines_of_session("library(reticulate)", "library(tidydl)", "cat(environmentName(environment(import)))")
  expect_false(any(grepl("reticulate masks import()", said, fixed = TRUE)))
  expect_identical(said[[length(said)]], "tidydl")
})

test_that("attached after packages of the tidyverse, tidydl masks none of their functions", {
  packages <- Filter(
    function(name) nzchar(system.file(package = name)),
    c("dplyr", "tidyr", "purrr", "ggplot2", "tibble", "stringr", "readr", "forcats", "lubridate")
  )
  expect_true(all(c("dplyr", "ggplot2") %in% packages))
  said <- lines_of_session(
    sprintf("suppressPackageStartupMessages(library(%s))", packages), "library(tidydl)", "ours <- ls('package:tidydl')",
    sprintf("theirs <- unlist(lapply(paste0('package:', %s), ls))", paste(deparse(packages), collapse = "")),
    "cat('both:', intersect(ours, theirs))"
  )
  both <- strsplit(trimws(sub("both:", "", said[[length(said)]])), " ")[[1]]
  for (name in both) { # generics that both take from package generics are one
    expect_true(name %in% c("augment", "glance", "tidy"), label = name)
  }
  expect_identical(grep("from .package:", said, value = TRUE), grep("package:stats", said, value = TRUE))
})

test_that("values of Python come as R has them", {
  in_python(
    "import datetime, collections", "numbers = [1, 2, 3]", "mixed = [1, 2.5]", "texts = ['a', None]",
    "named = {'a': 1, 'b': [True, False]}", "large = 2**40", "nul = 'a\\0b'",
    "Pair = collections.namedtuple('Pair', 'x y')",
    "pair = Pair(1, 'a')", "when = datetime.date(2024, 1, 2)", "some = b'ab'", "nothing = None"
  )
  expect_identical(py$numbers, 1:3)
  expect_identical(py$mixed, c(1, 2.5))
  expect_identical(py$texts, c("a", NA))
  expect_identical(py$named, list(a = 1L, b = c(TRUE, FALSE)))
  expect_identical(py$large, 2^40)
  expect_identical(py$nul, "a\ufffdb")
  expect_identical(py$pair, list(x = 1L, y = "a"))
  expect_identical(py$when, as.Date("2024-01-02"))
  expect_identical(py$some, charToRaw("ab"))
  expect_null(py$nothing)
})

test_that("variables of Python are set and read by py$, py[[]] and names", {
  in_python("")
  py$given <- c(1.5, 2)
  expect_identical(py$given, c(1.5, 2))
  py[["given"]] <- "text"
  expect_identical(py[["given"]], "text")
  expect_true("given" %in% names(py))
  rm(py) # the copy that an assignment makes
  expect_error(py$not_there, "not_there", class = "tidydl_error_python")
})

test_that("arrays, frames and Series cross both ways, whatever numpy and pandas are installed", {
  skip_without_python()
  np <- import("numpy")
  m <- matrix(c(1, 5, 3, 2, 9, 4), 2)
  expect_identical(np$argmax(m, axis = 1), c(2, 0))
  expect_identical(np$transpose(m), t(m))
  expect_identical(np$argmax(c(1, 5, 2)), 1L)
  expect_identical(dim(np$zeros(c(2, 3, 4))), c(2L, 3L, 4L))
  pd <- import("pandas")
  frame <- data.frame(x = c(1.5, NA), g = factor(c("a", "b")), day = as.Date("2024-01-01") + 0:1, t = c("u", NA))
  made <- pd$DataFrame(frame)
  expect_s3_class(made, "data.frame", exact = TRUE)
  expect_identical(made$x, frame$x)
  expect_identical(made$g, frame$g)
  expect_equal(made$day, frame$day, ignore_attr = "tzone")
  expect_identical(made$t, frame$t)
  expect_identical(rownames(pd$DataFrame(dict(a = 1:2), index = c("u", "v"))), c("u", "v"))
  expect_identical(pd$Series(c(1, 2), index = c("u", "v")), c(u = 1, v = 2))
  expect_identical(pd$DataFrame(dict(label = 0:1))$label, c(0, 1)) # codes are doubles, as reticulate makes them
})

test_that("a list of a matrix and vectors is a list of arrays, as set_weights() wants it", {
  in_python("def shapes(weights):", "    return [list(each.shape) for each in weights]")
  expect_identical(py$shapes(list(matrix(0, 3, 2), c(0.5, 0.8))), list(c(3L, 2L), list(2L)) |> lapply(unlist))
  expect_identical(py$shapes(list(matrix(0, 3, 1), 0.5)), list(c(3L, 1L), 1L))
})

test_that("tensors cross by numpy(), item() and as.matrix()", {
  skip_without_python()
  torch <- import("torch")
  x <- torch$tensor(list(c(1, 2), c(3, 4)))
  expect_identical(x$numpy(), matrix(c(1, 3, 2, 4), 2))
  expect_identical(x$sum()$item(), 10)
  expect_identical(as.matrix(x + 1), matrix(c(2, 4, 3, 5), 2))
  expect_identical(dim(x), c(2L, 2L))
  expect_identical(x[0]$numpy(), c(1, 2))
  expect_identical(x[, 1]$numpy(), c(2, 4))
  grad <- torch$ones(2L, requires_grad = TRUE)
  with(torch$no_grad(), doubled <- grad * 2)
  expect_false(doubled$requires_grad)
  expect_identical(as.numeric(grad), c(1, 1))
})

test_that("contexts of Python are left, whatever happens inside", {
  in_python(
    "class Context:", "    def __enter__(self):", "        self.open = True", "        return self",
    "    def __exit__(self, *rest):", "        self.open = False", "context = Context()"
  )
  expect_true(with(py$context, py$context$open))
  expect_false(py$context$open)
  expect_error(with(py$context, rlang::abort("inside")), "inside")
  expect_false(py$context$open)
  with(py$context, expect_true(inside$open), as = inside)
})

test_that("missing values go to Python as None, and factors as text", {
  in_python("def told(x): return repr(x)")
  expect_identical(py$told(NA), "None")
  expect_identical(py$told(NA_character_), "None")
  expect_identical(py$told(c("a", NA)), "['a', None]")
  expect_identical(py$told(c(1L, NA)), "[1, None]")
  expect_identical(py$told(factor(c("u", "v"))), "['u', 'v']")
  expect_identical(py$told(list(a = 1L)), "{'a': 1}")
  expect_identical(py$told(list(list(a = NA))), "[{'a': None}]")
  expect_identical(py$told(as.Date("2024-01-02")), "datetime.date(2024, 1, 2)")
  expect_identical(py$told(as.Date(c("2024-01-02", NA))), "[datetime.date(2024, 1, 2), None]")
})

test_that("a double is an integer where an integer is meant, and stays one elsewhere", {
  in_python(
    "def typed(n: int, share: float, some: int | None = None, plain=1, rest=0.5):",
    "    return [type(x).__name__ for x in (n, share, some, plain, rest)]",
    "def open(x, **options): return type(x).__name__, {k: type(v).__name__ for k, v in options.items()}"
  )
  expect_identical(py$typed(3, 1, some = 2, plain = 4, rest = 1), c("int", "float", "int", "int", "float"))
  expect_identical(py$open(1, top_k = 2, temperature = 1), list("float", list(top_k = "int", temperature = "float")))
})

test_that("functions of R are called by Python with values as R has them, and keep their errors", {
  in_python("import numpy", "def apply(f, x, **more): return f(x, **more)", "array = numpy.array([[1, 2], [3, 4]])")
  expect_identical(py$apply(function(x, by) x * by, 2, by = 3), 6)
  expect_identical(py$apply(function(x) dim(x), py$r_array <- matrix(0, 2, 3)), 2:3)
  expect_identical(py$apply(function(x) list(n = nchar(x)), c("a", "bcd")), list(n = c(1L, 3L)))
  own <- tryCatch(py$apply(function(x) rlang::abort("mine", class = "own"), 1), error = identity)
  expect_s3_class(own, "own")
  expect_identical(conditionMessage(own), "mine")
})

test_that("errors of Python say what it says, name what is near, and keep the traceback to themselves", {
  skip_without_python()
  os <- import("os")
  error <- tryCatch(os$getcwdd, error = identity)
  expect_s3_class(error, "tidydl_error_python")
  expect_match(conditionMessage(error), "Did you mean 'getcwd'", fixed = TRUE)
  expect_false(grepl("Traceback", conditionMessage(error), fixed = TRUE))
  expect_match(error$python_traceback, "Traceback", fixed = TRUE)
  expect_error(import("no_such_module_anywhere"), "no_such_module_anywhere", class = "tidydl_error_dependency")
  expect_error(import(3), class = "tidydl_error_argument")
  expect_error(py_run_string("1 +"), "SyntaxError", class = "tidydl_error_python")
})

test_that("py_to_r() takes what is an R value already, and r_to_py() makes objects of both kinds", {
  skip_without_python()
  expect_identical(py_to_r(mtcars), mtcars)
  expect_identical(py_to_r(NULL), NULL)
  kept <- r_to_py(list(a = 1L, b = "x"))
  expect_s3_class(kept, "tidydl_python")
  expect_identical(py_to_r(kept), list(a = 1L, b = "x"))
  builtins <- import_builtins(convert = FALSE)
  expect_s3_class(builtins$len(list(1, 2)), "tidydl_python")
  expect_identical(r_to_py(function(x) x + 1, convert = TRUE)(1), 2)
  expect_identical(py_to_r(builtins$len(list(1, 2))), 2L)
  foreign <- reticulate::import("builtins", convert = FALSE)$list(c("a", "b"))
  expect_identical(py_to_r(foreign), c("a", "b"))
  expect_false(inherits(foreign, "tidydl_python")) # which stays reticulate's own
})

test_that("dict(), tuple(), np_array(), array_reshape() and iterate() are as reticulate's", {
  skip_without_python()
  expect_output(print(dict(text = "a", text_pair = "b")), "{'text': 'a', 'text_pair': 'b'}", fixed = TRUE)
  expect_output(print(tuple(1L, "a")), "(1, 'a')", fixed = TRUE)
  expect_identical(names(dict(b = 1, a = 2)), c("b", "a"))
  expect_identical(py_to_r(dict(b = 1)[["b"]]), 1)
  expect_identical(as.character(np_array(1:3, dtype = "float32")$dtype), "float32")
  expect_identical(array_reshape(1:6, c(2, 3)), matrix(1:6, 2, byrow = TRUE))
  expect_identical(array_reshape(matrix(1:6, 2), c(3, -1)), matrix(c(1L, 5L, 4L, 3L, 2L, 6L), 3))
  expect_identical(array_reshape(array(1:8, c(2, 2, 2)), 8), array(c(1L, 5L, 3L, 7L, 2L, 6L, 4L, 8L)))
  squares <- py_run_string("squares = (n * n for n in range(4))")
  expect_identical(iterate(py$squares), c(0L, 1L, 4L, 9L))
  expect_identical(iterate(list(1, "a"), simplify = FALSE), list(1, "a"))
})

test_that("source_python() puts functions into the environment of its caller", {
  skip_without_python()
  lines <- c("import math", "def half(x):", "    return x / 2", "unit = 'm'")
  file <- withr::local_tempfile(fileext = ".py", lines = lines)
  source_python(file)
  expect_identical(half(3), 1.5)
  expect_identical(unit, "m")
  expect_false(exists("math", inherits = FALSE))
})

test_that("what Python prints is part of what R prints", {
  skip_without_python()
  expect_output(py_run_string("print('said by Python')"), "said by Python")
  expect_output(print(import_builtins()$range(3L)), "range(0, 3)", fixed = TRUE)
})

test_that("attributes and items are set, compared and completed, and modules imported when they are used", {
  in_python("class Thing: pass", "thing = Thing()", "items = {'a': 1}")
  thing <- py$thing
  thing$size <- 3L
  expect_identical(py$thing$size, 3L)
  items <- r_to_py(list(a = 1L), convert = TRUE)
  items[["b"]] <- 2L
  expect_identical(as.list(items), list(a = 1L, b = 2L))
  expect_true("size" %in% utils::.DollarNames(thing, "^si"))
  delayed <- import("json", delay_load = TRUE)
  expect_identical(delayed$dumps(list(a = 1L)), "{\"a\": 1}")
  expect_identical(import("importlib")$metadata$version("numpy"), import("numpy")$`__version__`)
})

test_that("a module of the working folder is found, and hides no library", {
  skip_without_python()
  withr::local_dir(withr::local_tempdir())
  writeLines("value = 'mine'", "my_own_module.py")
  writeLines("raise RuntimeError('a stranger')", "wave.py")
  expect_identical(import("my_own_module")$value, "mine")
  expect_s3_class(import("wave"), "tidydl_python")
})

test_that("reticulate's functions take our objects, and ours take reticulate's", {
  in_python("class Thing:", "    def size(self, x): return len(x)", "thing = Thing()")
  expect_identical(reticulate::py_to_r(py$thing$size)(c("a", "b")), 2L)
  expect_identical(reticulate::py_len(r_to_py(list(1, 2))), 2L)
  theirs <- reticulate::import("builtins")
  expect_identical(theirs$len(r_to_py(list(1, 2, 3))), 3L)
  expect_true(theirs$callable(py$thing$size))
  ours <- import("builtins")
  expect_identical(ours$len(reticulate::r_to_py(list(1, 2, 3))), 3L)
  expect_false(any(grepl("tidydl", class(theirs)))) # nothing is registered over them
})
