# Sessions in other languages and encodings; each line that one prints is a claim.
attacks <- c(
  "claim <- function(name, work) cat(name, isTRUE(tryCatch(work, condition = function(cnd) FALSE)), '\\n')",
  "utf8 <- function(x) enc2utf8(as.character(x))",
  "data <- data.frame(y = c(1, 2, 3, 4, 5, 6) / 6, x1 = 1:6 + 3, x2 = c(2, 1, 3, 2, 1, 3))",
  "fit <- nnet(y ~ log(x1 - x2), data, size = 1, linout = TRUE, trace = FALSE, engine = 'r')",
  "held <- data.frame(x1 = c(0.1, 4), x2 = c(3, 0.2))",
  "claim('quiet', anyNA(lekprofile(fit, data, group_vals = held)$fitted))",
  "claim('gone', inherits(try(nnet(y ~ x1, gone, size = 1), TRUE), 'try-error') &&",
  "  inherits(tryCatch(nnet(y ~ x1, gone, size = 1), error = identity), 'tidydl_error_data'))",
  "claim('suggested', tidydl:::nearest_name('INCOME', c('age', 'income')) == 'income')",
  "claim('not finite', tidydl:::small_letters('Inf') == 'inf')"
)

beyond_ascii <- c(
  call_python_lines, "echo <- function(x) call_python('echo', list(value = x))",
  "name <- 'gr\\u00f6\\u00dfe'",
  "own <- enc2native(name)",
  "Encoding(own) <- 'unknown'",
  "claim('text', identical(utf8(echo(own)), name))",
  "claim('names', identical(utf8(names(echo(stats::setNames(list(1), own)))), name))",
  "file <- file.path(tempdir(), paste0(name, '.csv'))",
  "writeLines('a\\n1', file)",
  "claim('csv', identical(load_dataset(file)$a, 1L))",
  "claim('listed', identical(load_dataset(list.files(tempdir(), '[.]csv$', full.names = TRUE))$a, 1L))",
  "frame <- stats::setNames(data.frame(data$y, data$x1), c('y', name))",
  "parquet <- file.path(tempdir(), paste0(name, '.parquet'))",
  "claim('written', { write_dataset(frame, parquet); identical(utf8(names(load_dataset(parquet))), c('y', name)) })",
  "fit <- nnet(y ~ ., frame, size = 1, linout = TRUE, trace = FALSE)",
  "claim('columns', identical(utf8(fit$coefnames), name))"
)

expect_claims <- function(printed, names) {
  expect_identical(trimws(printed), paste(names, "TRUE"))
}

told <- c("quiet", "gone", "suggested", "not finite")
crossed <- c("text", "names", "csv", "listed", "written", "columns")

test_that("nothing depends on the language that R speaks, nor on the letters that Turkish has", {
  skip_without_python()
  expect_claims(in_locale(c(attacks, beyond_ascii), "tr_TR", "UTF-8"), c(told, crossed))
})

test_that("text, columns and files of a latin1 session are what they are called", {
  skip_without_python()
  expect_claims(in_locale(c(attacks, beyond_ascii), "de_DE", "ISO-8859-1"), c(told, crossed))
})

test_that("a session that knows ASCII only still has a Python that finds its files", {
  skip_without_python()
  code <- c(
    attacks, "folder <- tempfile(); dir.create(folder); file <- file.path(folder, 'gr\\u00f6\\u00dfe.parquet')",
    "claim('written', { write_dataset(data, file); nrow(load_dataset(file)) == 6 })",
    "letters <- rawToChar(as.raw(c(0x63, 0xc3, 0xa9))); Encoding(letters) <- 'unknown'",
    "claim('unmarked', { write_dataset(data.frame(t = letters), file); identical(load_dataset(file)$t, 'c\\u00e9') })",
    "claim('locale', Sys.getlocale('LC_CTYPE') == 'C' && Sys.getenv('LC_ALL') == '')"
  )
  expect_claims(in_locale(code, NULL, NULL), c(told, "written", "unmarked", "locale"))
})
