# Arguments that no call expects, by kind, from which the fuzzer draws.

hostile_scalars <- function(folder) {
  list(
    `NULL` = NULL, `NA` = NA, `NaN` = NaN, `Inf` = Inf, minus = -1, zero = 0, half = 1.5, huge = 1e15, `2^53` = 2^53,
    `TRUE` = TRUE, `NA integer` = NA_integer_, complex = 1 + 2i, raw = as.raw(7), Date = as.Date("2020-01-01"),
    POSIXct = as.POSIXct("2020-01-01", tz = "UTC"), POSIXlt = as.POSIXlt("2020-01-01", tz = "UTC"),
    difftime = as.difftime(1, units = "days"), factor = factor("x"), symbol = quote(x), call = quote(sum("run")),
    named = c(x = 1), matrix = matrix(1, 1, 1), integer64 = structure(1, class = "integer64")
  )
}

hostile_texts <- function(folder) {
  list(
    empty = "", blank = " ", `NA text` = NA_character_, invalid = "a\xff",
      latin1 = "\xe9t\xe9" |> `Encoding<-`("latin1"),
    bytes = "\xff" |> `Encoding<-`("bytes"), long = strrep("x", 5000), formula = "y ~ x", `bad formula` = "y ~ x +",
    braces = "{x} %s %d {", pattern = "[a-*(", name = "x", backtick = "a`b", several = c("x", "y"), named = c(a = "x"),
    `some missing` = c("x", NA), glue = structure("x", class = c("glue", "character")), no = character(),
    URL = "http://[::1/x.csv", deep = paste0("y ~ ", strrep("(", 300), "x", strrep(")", 300))
  )
}

hostile_vectors <- function(folder) {
  list(
    none = numeric(), negative = c(-1, -2), `all missing` = c(NA, NA, NA), infinite = c(Inf, 1, 2), lists = list(1,
      "a"),
    `empty list` = list(), nested = list(list(1), list()), `named list` = list(x = 1, g = "a"), factor = factor(c("a",
      NA)),
    `NA level` = addNA(factor(c("a", NA))), ordered = factor(1:3, ordered = TRUE), dates = as.Date("2020-01-01") + 0:3,
    moments = as.POSIXlt("2020-01-01", tz = "UTC") + 0:3, raw = as.raw(1:4), complex = 1:4 + 1i, matrix = matrix(1:6,
      3),
    `no rows` = matrix(numeric(), 0, 2), `no columns` = matrix(numeric(), 4, 0), array = array(1:8, c(2, 2, 2)),
    text = matrix(c("a", "b"), 1), `table` = table(c("a", "b", "a")), expressions = expression(x, y),
    pairs = pairlist(a = 1, b = 2), `odd class` = structure(1:3, class = "odd"), `odd dim` = structure(1:4, dim = 4L)
  )
}

hostile_objects <- function(folder) {
  list(
    `function` = mean, primitive = `+`, environment = new.env(), formula = y ~ x, `one sided` = ~x,
    `odd formula` = y ~ poly(x, 9) + cut(x, 1:2), `no such` = absent ~ nowhere, connection = stdin(), S4 = fuzz_s4(),
    lm = stats::lm(mpg ~ wt, datasets::mtcars), `raising length` = structure(list(), class = "fuzz_length"),
    `raising names` = structure(list(1), class = "fuzz_names"), `raising [[` = structure(list(1),
      class = "fuzz_subset"),
    `raising format` = structure(1, class = "fuzz_format"), `raising dim` = structure(list(1), class = "fuzz_dim"),
    `hollow nnet` = structure(list(n = c(1, 1, 1)), class = c("tidydl_nnet", "nnet")),
    `hollow multinom` = structure(list(), class = c("tidydl_multinom", "multinom", "nnet")),
    `hollow splits` = structure(list(), class = "tidydl_splits"), condition = simpleCondition("said"),
    `hollow search` = structure(list(), class = "tidydl_tuning"), quosure = rlang::quo(x + y),
    missing = rlang::missing_arg()
  )
}

hostile_paths <- function(folder) {
  list(
    folder = file.path(folder, "folder"), missing = file.path(folder, "absent.csv"), deep = file.path(folder, "no",
      "a.json"),
    `too long` = strrep("a", 300), `much too long` = file.path(folder, strrep("b/", 3000)),
      home = "~nobody-at-all/x.csv",
    colon = "run:1.parquet", `file in a file` = file.path(folder, "frame.csv", "x.csv"), backslash = "c:\\x.csv",
    `NA` = NA_character_, several = file.path(folder, c("frame.csv", "frame.csv")), connection = file(file.path(folder,
      "c"))
  )
}

hostile_frames <- function(folder) {
  frame <- data.frame(x = c(0.5, 1.5, -1, 0.2), g = c("a", "b", "c", "a"), k = c("u", "v", "u", "v"), y = c(0.1, 0.9,
    0.4, 1))
  with <- function(...) {
    given <- list(...)
    for (name in names(given)) frame[[name]] <- given[[name]]
    frame
  }
  list(
    `no rows` = frame[0, ], `no columns` = frame[0], `nothing` = data.frame(), `one row` = frame[1, ],
      `two` = frame[1:2, ],
    twice = frame[c(1, 1, 2, 2)] |> stats::setNames(c("x", "x", "g", "g")), unnamed = unname(frame),
    `NA names` = stats::setNames(frame, c("x", NA, "", "y")), `invalid names` = stats::setNames(frame, c("x", "g\xff",
      "k", "y")),
    lists = with(x = I(list(1, "a", NULL, 2))), matrices = with(x = matrix(1:8, 4)), frames = with(g = frame),
    factors = with(g = factor(c("a", NA, "b", "a")), k = addNA(factor(c(NA, 1, 1, 2)))), missing = with(x = NA,
      g = NA_character_),
    dates = with(x = as.Date("2020-01-01") + 0:3, g = as.POSIXct("2020-01-01", tz = "UTC") + 0:3),
    complex = with(x = 1:4 + 1i), raw = with(x = as.raw(1:4)), infinite = with(x = c(Inf, 1, 2, -Inf)),
    constant = with(x = 1, g = "a", k = "u", y = 1), invalid = with(g = c("\xff", "b", "c", "a")),
      tibble = tibble::as_tibble(frame),
    hollow = structure(list(x = 1:3), class = "data.frame"), uneven = structure(list(x = 1:3, g = 1),
      class = "data.frame", row.names = 1:3),
    odd = with(x = structure(1:4, class = "odd")), functions = with(x = I(list(mean, sum, 1, 2))),
    result = data.frame(.row = c(1, NA), rank = c("a", "b"), label = 1:2, score = c("x", NA)),
    embeddings = data.frame(.row = 1:2, dim_1 = c("a", "b")), POSIXlt = with(x = I(as.POSIXlt("2020-01-01",
      tz = "UTC") + 0:3))
  )
}

fuzz_s4 <- function() methods::new(methods::getClass("MethodDefinition"))

# Objects whose methods raise errors.
register_raising <- function() {
  raising <- function(...) rlang::abort("raised by an object's own method")
  methods <- list(fuzz_length = "length", fuzz_names = "names", fuzz_subset = "[[", fuzz_format = "format",
    fuzz_dim = "dim")
  for (class in names(methods)) registerS3method(methods[[class]], class, raising, envir = baseenv())
}

fuzz_pool <- function(folder) {
  list(
    scalars = hostile_scalars(folder), texts = hostile_texts(folder), vectors = hostile_vectors(folder),
    objects = hostile_objects(folder), paths = hostile_paths(folder), frames = hostile_frames(folder)
  )
}
