# New data whose columns are of other kinds than those of the fit: predicted where they say the same, else refused.

fits_of_kinds <- function() {
  set.seed(1)
  d <- data.frame(flag = rep(c(TRUE, FALSE, TRUE), 10), x = stats::rnorm(30), n = 1:30 + 0.5, s = rep(c("m", "k"), 15))
  d$y <- d$x
  d$two <- factor(ifelse(d$x > 0, "a", "b"))
  d$g <- factor(rep(c("p", "q", "r"), 10))
  d$o <- factor(rep(1:3, 10), ordered = TRUE)
  fitted <- function(formula) nnet(formula, d, size = 1, maxit = 2, trace = FALSE, engine = "r", linout = TRUE)
  list(data = d, fits = list(
    fitted(y ~ flag + x), fitted(y ~ g + s + x), fitted(y ~ poly(x, 2) + log(n)), fitted(y ~ factor(n > 15) + I(x^2)),
    multinom(two ~ flag:x + o, d, trace = FALSE, engine = "r", maxit = 2)
  ))
}

test_that("logicals that came as text, and columns that are missing throughout, are those of the fit", {
  made <- fits_of_kinds()
  for (fit in made$fits[c(1, 5)]) {
    text <- made$data
    text$flag <- as.character(text$flag)
    expect_identical(predict(fit, text), predict(fit, made$data))
    text$flag <- factor(text$flag)
    expect_identical(predict(fit, text), predict(fit, made$data))
    text$flag[1] <- NA
    expect_true(is.na(as.vector(predict(fit, text))[1]))
  }
  new <- made$data[1:2, ]
  new$g <- NA
  new$s <- c("m", NA)
  expect_true(all(is.na(predict(made$fits[[2]], new))))
  new$o <- NA
  expect_true(all(is.na(predict(made$fits[[5]], new))))
})

test_that("a logical that came as something else names its levels, as in Python", {
  made <- fits_of_kinds()
  new <- made$data[1:2, ]
  new$flag <- c("TRUE", "no")
  problem <- "`newdata` has in 'flag' levels that the network has not seen: no."
  expect_error(predict(made$fits[[1]], new), problem, fixed = TRUE, class = "tidydl_error_data")
  expect_error(augment(made$fits[[5]], new), problem, fixed = TRUE, class = "tidydl_error_data")
  new$flag <- 0:1
  expect_error(predict(made$fits[[1]], new), "not seen: 0, 1.", fixed = TRUE, class = "tidydl_error_data")
})

test_that("columns of any other kind are predicted or refused by our error", {
  made <- fits_of_kinds()
  values <- list(
    c("TRUE", "no"), 0:1, c(TRUE, FALSE), factor(c("a", "z")), c(NA, NA), as.Date("2020-01-01") + 0:1, list(1, "a"),
    c(1i, 2i),
    as.raw(1:2), matrix(1:4, 2), I(list(1:2, 3)), as.POSIXct("2020-01-01", tz = "UTC") + 0:1, data.frame(a = 1:2)
  )
  outcomes <- character()
  for (fit in made$fits) {
    for (name in all.vars(stats::delete.response(fit$terms))) {
      for (value in values) {
        new <- made$data[1:2, ]
        new[[name]] <- value
        outcome <- tryCatch(
          {
            suppressWarnings(predict(fit, new))
            "predicted"
          },
          error = function(cnd) if (inherits(cnd, "tidydl_error")) "refused" else conditionMessage(cnd)
        )
        outcomes <- c(outcomes, outcome)
      }
    }
  }
  expect_setequal(outcomes, c("predicted", "refused"))
})
