# Nothing of a saved file is run, whichever of its texts holds code, and whatever is asked of the network afterwards.

# Texts that make a file where they are run, `%s`: as code, in texts, in formulas, and put together of parts.
templates <- c(
  "%s", "y ~ %s", "y ~ x + I(%s)", "`x`; %s", "g + %s", "\"; %s; \"", "y ~ x - %s", "nnet(%s)",
  "nnet(\"y ~ %s\", data = d)",
  "`y ~ %s`"
)

hostile_calls <- c(
  "nnet('y ~ %s', data = d, size = 1)", "nnet(formula = 'y ~ %s', data = d, size = 1)",
  "nnet(f = 'y ~ %s', d, size = 1)",
  "multinom('y ~ %s', data = d)", "nnet(c('y ~', '%s'), data = d, size = 1)",
  "nnet(list('y ~ %s'), data = d, size = 1)",
  "nnet(rep('y ~ %s', 1), data = d, size = 1)", "nnet(as.character('y ~ %s'), data = d, size = 1)",
  "nnet(factor('y ~ %s'), data = d, size = 1)", "nnet(I('y ~ %s'), data = d, size = 1)",
  "nnet('y ~ x + (%s)', data = d, size = 1)", "nnet(y ~ x, data = %s, size = 1)",
  "nnet(y ~ x, data = d[%s, ], size = 1)",
  "nnet(y ~ x, data = d[[%s]], size = 1)", "nnet(y ~ x, data = list(x = %s), size = 1)", "nnet(y ~ x, d, weights = %s)",
  "nnet(y ~ x, d, subset = %s)", "nnet(y ~ x, d, size = 1, na.action = %s)",
  "nnet(y ~ x, d, size = 1, na.action = 'eval')",
  "nnet(y ~ x, d, size = 1, na.action = function(x) %s)", "nnet(y ~ g, d, size = 1, contrasts = list(g = %s))",
  "nnet(y ~ g, d, size = 1, contrasts = list(g = function(n) %s))",
  "nnet(y ~ g, d, size = 1, contrasts = list(g = 'hostile'))",
  "nnet(y ~ I(%s), d, size = 1)", "nnet(y ~ x + (function() %s)(), d, size = 1)",
  "nnet(y ~ base::eval(%s), d, size = 1)",
  "nnet(y ~ stats:::eval(%s), d)", "nnet(y ~ x$%s, d)", "nnet(y ~ x, d, size = ~%s)", "nnet(x |> I(%s), d)",
  "nnet(y ~ x, d, decay = if (TRUE) %s)", "nnet({%s}, d)", "(function(...) %s)(y ~ x)", "(%s)(y ~ x)", "%s",
  "nnet(y ~ x, d); %s",
  "nnet(y ~ x, d, size = rep(%s, 2))", "nnet(y ~ x, d <- %s)", "nnet(`~`(y, %s), d)", "nnet(y ~ x, d, Hess = '%s')",
  "nnet(eval(parse(text = '%s')), d)", "nnet(do.call(file.create, list('x')), d)", "nnet(y ~ x, get('%s'))",
  "nnet(, %s)"
)

hostile_formulas <- c(
  "y ~ x + g + %s", "%s ~ x + g", "y ~ x + I(%s)", "y ~ x:poly(x, %s)", "y ~ x + (function() %s)()", "y ~ base::%s",
  "y ~ x + base::eval(%s)", "y ~ x + splines::ns(x, knots = %s)", "y ~ x + cut(x, %s)", "y ~ x + offset(%s)",
  "y ~ x + g - %s", "y ~ (x + g)^%s", "y ~ x %%in%% %s", "y ~ if (TRUE) %s", "y ~ x + {%s}", "y ~ x$g[%s]", "~ %s",
  "y ~ x ~ %s",
  "y ~ x + `x`(%s)", "y ~ log(, %s)", "y ~ x + \"%s\"()", "y ~ x + g; %s", "y ~ -%s", "y ~ x + (\\(x) %s)(1)",
  "y ~ x |> I() + %s",
  "y ~ x + ..1", "y ~ ... + %s", "y ~ x + factor(g, levels = '%s')"
)

# The paths of all texts in a list.
text_paths <- function(x, path = list()) {
  if (is.character(x)) {
    return(list(path))
  }
  if (!is.list(x)) {
    return(list())
  }
  keys <- if (is.null(names(x))) utils::head(seq_along(x), 2) else names(x)
  do.call(c, c(list(list()), lapply(keys, function(key) text_paths(x[[key]], c(path, list(key))))))
}

set_at <- function(x, path, value) {
  if (!length(path)) {
    return(value)
  }
  x[[path[[1]]]] <- set_at(x[[path[[1]]]], path[-1], value)
  x
}

write_saved <- function(saved, file) {
  text <- jsonlite::toJSON(saved, auto_unbox = TRUE, null = "null", digits = NA)
  writeBin(charToRaw(enc2utf8(text)), file)
}

read_shared <- function(name) jsonlite::parse_json(paste(readLines(shared_file("data", name)), collapse = ""))

# Asks all that there is to ask of a network, its data and a function of the user's at hand.
ask_all <- function(fit, d) {
  asked <- expression(
    print(fit), print(summary(fit)), stats::formula(fit), stats::terms(fit), predict(fit), predict(fit, d),
    predict(fit, d, type = "class"), stats::update(fit), stats::update(fit, decay = 0.2), stats::update(fit, . ~ . - x),
    stats::update(fit, data = d), stats::model.frame(fit), stats::model.matrix(fit), stats::step(fit, trace = 0),
    stats::drop1(fit), stats::add1(fit, ~ . + x:g), stats::anova(fit), stats::profile(fit), stats::extractAIC(fit),
    stats::case.names(fit), stats::drop.terms(stats::terms(fit), 1), stats::get_all_vars(fit, d),
    stats::reformulate(attr(stats::terms(fit), "term.labels")), augment(fit, d), stats::expand.model.frame(fit, ~x)
  )
  for (each in asked) {
    answer <- quote(try(eval(each, list(fit = fit, d = d), globalenv()), TRUE))
    utils::capture.output(suppressMessages(suppressWarnings(eval(answer))))
  }
}

expect_nothing_run <- function(saved, file, trap, d, label) {
  write_saved(saved, file)
  fit <- tryCatch(suppressWarnings(load_model(file)), tidydl_error = function(cnd) NULL)
  if (!is.null(fit)) ask_all(fit, d)
  expect_false(file.exists(trap), label = label)
  unlink(trap)
  !is.null(fit)
}

# The names that calls of files use, where those of a user would be; the function is one that a user may have.
with_user_data <- function(trap, code) {
  set.seed(1)
  d <- data.frame(x = stats::rnorm(12), g = factor(rep(c("a", "b", "c"), 4)), y = factor(rep(c("u", "v"), 6)))
  before <- c("d", "x", "g", "y", "hostile")[!c("d", "x", "g", "y", "hostile") %in% ls(globalenv())]
  list2env(c(as.list(d), list(d = d, hostile = function(...) file.create(trap)))[before], globalenv())
  withr::defer(rm(list = before, envir = globalenv()))
  code(d)
}

test_that("no text of a file is run, wherever it stands", {
  trap <- withr::local_tempfile()
  code <- sprintf("file.create('%s')", trap)
  file <- withr::local_tempfile(fileext = ".json")
  loaded <- with_user_data(trap, function(d) {
    unlist(lapply(c("saved_network.json", "saved_model.json"), function(name) {
      saved <- read_shared(name)
      paths <- text_paths(saved$network, list("network"))
      each <- expand.grid(path = seq_along(paths), template = seq_along(templates))
      each <- each[(each$path + each$template) %% 15 == 0, ]
      Map(function(path, template) {
        value <- gsub("%s", code, templates[[template]], fixed = TRUE)
        changed <- set_at(saved, paths[[path]], value)
        label <- paste(name, paste(paths[[path]], collapse = "$"), templates[[template]])
        expect_nothing_run(changed, file, trap, d, label)
      }, each$path, each$template)
    }))
  })
  expect_gt(length(loaded), 30)
  expect_gt(sum(loaded), 10)
})

test_that("no call and no formula of a file is run", {
  trap <- withr::local_tempfile()
  code <- sprintf("file.create(\"%s\")", trap)
  file <- withr::local_tempfile(fileext = ".json")
  with_user_data(trap, function(d) {
    both <- lapply(c("saved_network.json", "saved_model.json"), read_shared)
    for (i in seq_along(hostile_calls)) { # in turn
      text <- gsub("%s", code, hostile_calls[[i]], fixed = TRUE)
      changed <- set_at(both[[i %% 2 + 1]], list("network", "call", "text"), text)
      expect_true(expect_nothing_run(changed, file, trap, d, text), label = text)
    }
    for (text in hostile_formulas) {
      formula <- gsub("%%", "%", gsub("%s", code, text, fixed = TRUE), fixed = TRUE)
      changed <- set_at(both[[1]], list("network", "design", "formula"), formula)
      expect_false(expect_nothing_run(changed, file, trap, d, text), label = text)
    }
  })
})

test_that("what a call keeps of the training data is values, and arguments that such calls keep", {
  trap <- withr::local_tempfile()
  file <- withr::local_tempfile(fileext = ".json")
  saved <- read_shared("saved_network.json")
  saved$network$design$formula <- "y ~ poly(x, 1) + g"
  saved$network$design$variables[[2]]$name <- "poly(x, 1)"
  code <- sprintf("file.create('%s')", trap)
  with_user_data(trap, function(d) {
    for (argument in list(
      list(name = "coefs", code = code), list(name = "degree", code = code), list(name = "simple", texts = list(code)),
      list(name = "coefs", list = list(list(name = "alpha", code = code), list(name = "norm2", numbers = list(1, 2)))),
      list(name = "", code = sprintf("base::%s", code)), list(name = "x", code = code),
      list(name = code, numbers = list(1))
    )) {
      saved$network$design$memory <- list(list(call = "poly(x, 1)", arguments = list(argument)))
      expect_nothing_run(saved, file, trap, d, argument$name)
    }
    saved$network$design$memory <- list(list(call = code, arguments = list()))
    expect_false(expect_nothing_run(saved, file, trap, d, "call"))
  })
})

test_that("a formula of a file that grows beyond the limits is refused before anything is made", {
  saved <- read_shared("saved_network.json")
  file <- withr::local_tempfile(fileext = ".json")
  for (text in c("y ~ poly(x, 10^6)", "y ~ splines::ns(x, df = 1e9)", "y ~ cut(x, 1e6)", "y ~ I(1:1e9)")) {
    write_saved(set_at(saved, list("network", "design", "formula"), text), file)
    expect_error(load_model(file), "At most", class = "tidydl_error_formula", label = text)
  }
})

test_that("the call of a file keeps what it can make in reason, and shows the rest as a name", {
  saved <- read_shared("saved_network.json")
  file <- withr::local_tempfile(fileext = ".json")
  loaded <- function(text) {
    write_saved(set_at(saved, list("network", "call", "text"), text), file)
    load_model(file)$call
  }
  kept <- c(
    "nnet(y ~ x, d, decay = 1:10/100)", "nnet(iris[, 1:2], class.ind(iris$Species), Wts = -c(1, 2L))",
    "nnet(y ~ x, d, contrasts = list(g = stats::contr.helmert(3)))", "nnet(formula = `my col` ~ ., data = d[[1]])",
    "nnet(y ~ x, d, weights = w, subset = x > 0 & !is.na(`a b`), na.action = stats::na.exclude)"
  )
  for (text in kept) expect_identical(loaded(text), str2lang(text))
  call <- loaded("nnet(y ~ x, d, Wts = rep(1, 1e12), rang = 1e12, mask = system('x'))")
  expect_identical(call, quote(nnet(y ~ x, d, Wts = `rep(1, 1e12)`, rang = `1e12`, mask = `system('x')`)))
})

test_that("R looks once more at what Python gives it to read", {
  refused <- c(
    "system('x')", "y ~ I(system('x'))", "y ~ utils::head(x)", "(function(x) x)(1)", "nnet(a, data = get('d'))", "{x}",
    "`system`('x')", "stats::model.frame(x)", "x$f(1)", "utils::head", "if (a) b"
  )
  for (text in refused) {
    expect_error(parsed(text), "it calls", label = text)
  }
  for (text in c("y ~ x + splines::ns(z, 3):log(w)", "nnet(iris[, 1:2], na.action = stats::na.omit)", "x")) {
    expect_identical(parsed(text), str2lang(text))
  }
  many <- paste("y ~", paste0("x", 1:4500, collapse = " + "))
  expect_identical(parsed(many), str2lang(many))
})

test_that("a loaded network is fitted again where its data are at hand", {
  set.seed(2)
  d <- data.frame(x = stats::rnorm(40), z = stats::rnorm(40), g = factor(rep(c("a", "b"), 20)))
  d$y <- factor(ifelse(d$x + stats::rnorm(40) > 0, "u", "v"))
  file <- withr::local_tempfile(fileext = ".json")
  save_model(nnet(y ~ x + g, d, size = 1, decay = 0.1, maxit = 5, trace = FALSE, engine = "r"), file)
  again <- suppressWarnings(update(load_model(file), decay = 0.2))
  expect_identical(unique(again$decay), 0.2)
  expect_identical(all.vars(stats::formula(suppressWarnings(update(load_model(file), . ~ . - g)))), c("y", "x"))
  model <- multinom(y ~ x + z + g, d, trace = FALSE, engine = "r")
  save_model(model, file)
  loaded <- load_model(file)
  assign("d", d, globalenv())
  withr::defer(rm("d", envir = globalenv()))
  expect_equal(stats::model.frame(loaded), stats::model.frame(model), ignore_attr = "terms")
  utils::capture.output({
    expect_equal(stats::drop1(loaded), stats::drop1(model))
    chosen <- lapply(list(loaded, model), stats::step, trace = 0)
  })
  expect_equal(stats::formula(chosen[[1]]), stats::formula(chosen[[2]]), ignore_formula_env = TRUE)
})

# A design of one call, as save_model() writes it, with what the call has noted.
design_of_call <- function(call, width, ...) {
  list(
    columns = as.list(paste0("c", seq_len(width))), formula = paste("y ~", call), reads = list("y", "x", "z"),
    variables = list(list(name = "y", class = "factor"), list(name = call, class = sprintf("nmatrix.%d", width))),
    memory = list(list(call = call, arguments = list(...)))
  )
}

numbers <- function(name, ...) list(name = name, numbers = list(...))

polynomial <- function(alpha, norm2) {
  list(name = "coefs", list = list(numbers("alpha", alpha), do.call(numbers, c("norm2", norm2))))
}

test_that("what calls have noted is numbers of the kind and the number that such calls keep", {
  network <- read_shared("saved_network.json")
  file <- withr::local_tempfile(fileext = ".json")
  load_with <- function(...) {
    network$network$design <- design_of_call(...)
    write_saved(network, file)
    load_model(file)
  }
  knots <- numbers("knots", 0.1, 0.2)
  ends <- numbers("Boundary.knots", -1, 1)
  wrong <- list(
    list("splines::bs(x)", 3, numbers("degree", 200000), knots, ends), list("splines::bs(x)", 3, knots, ends),
    list("splines::bs(x)", 3, numbers("degree", 1.5), knots, ends), list("splines::ns(x)", 3, knots),
    list("splines::bs(x)", 3, numbers("degree", 2), knots, ends),
    list("splines::ns(x)", 3, numbers("knots", "Inf"), ends), list("splines::ns(x)", 3, numbers("knots", 1), ends),
    list("splines::ns(x)", 3, knots, numbers("Boundary.knots", 1, 1)),
    list("splines::ns(x)", 3, list(name = "knots", texts = list("a", "b")), ends),
    list("splines::ns(x)", 3, knots, ends, list(name = "intercept", numbers = list(1))),
    list("splines::ns(x)", 3, knots, knots, ends), list("poly(x, 3)", 3, numbers("coefs", 1)),
    list("poly(x, 3)", 3, list(name = "coefs", list = list(numbers("alpha", 1, 2, 3)))),
    list("poly(x, z, degree = 3)", 3, numbers("coefs", 1)),
    list("scale(cbind(x, z, z))", 3, numbers("center", 1), numbers("scale", 1)),
    list("scale(cbind(x, z, z))", 3, numbers("center", 1, 2, 3)), list("scale(cbind(x, z, z))", 3, numbers("center"))
  )
  for (each in wrong) {
    expect_error(do.call(load_with, each), "does not fit '", class = "tidydl_error_damaged", label = deparse1(each))
  }
  expect_error(load_with("splines::bs(x)", 3), class = "tidydl_error_damaged")
  lacking <- design_of_call("splines::ns(x)", 3)
  network$network$design <- lacking
  network$network$design$memory <- list()
  write_saved(network, file)
  expect_error(load_model(file), "memory' lacks", class = "tidydl_error_damaged")
  network <- read_shared("saved_network.json")
  right <- load_with("splines::ns(x)", 3, knots, ends, list(name = "intercept", flags = list(FALSE)))
  expect_identical(dim(predict(right, data.frame(x = 0:3 / 3))), c(4L, 1L))
})

test_that("update() of a loaded network takes its own size, and no number beyond reason", {
  file <- withr::local_tempfile(fileext = ".json")
  fit <- suppressWarnings(nnet(Species ~ Sepal.Width, iris, size = length(1:2), trace = FALSE, engine = "r", maxit = 2))
  save_model(fit, file)
  expect_message(loaded <- load_model(file), "takes that of the network, 2", class = "tidydl_message")
  expect_identical(suppressWarnings(update(loaded, data = iris))$n, c(1, 2, 3))
})
