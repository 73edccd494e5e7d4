# Writes the reference values of the cases of importance.json: Rscript tests/shared/make_importance_references.R
# Fits are R's own nnet. Garson's shares, Olden's sums and Lek's profiles are those of package NeuralNetTools; what
# shuffling does is computed here from R's own predict() and sample(). Nothing of tidydl is used.
arguments <- commandArgs(FALSE)
shared <- dirname(sub("^--file=", "", grep("^--file=", arguments, value = TRUE)[[1]]))
in_shared <- function(...) file.path(shared, ...)

read_data <- function(value) {
  file <- if (is.null(value$frame)) {
    in_shared("..", "..", "python", "tidydl", "data", "files", paste0(value$example, ".csv"))
  } else {
    in_shared("data", value$frame)
  }
  read.csv(file, stringsAsFactors = TRUE)
}

fit_of <- function(arguments) {
  data <- read_data(arguments$data)
  formula <- stats::as.formula(arguments$formula$formula)
  options <- arguments[setdiff(names(arguments), c("formula", "data"))]
  # NeuralNetTools looks up the data by the name in the call
  assign("data_of_fit", data, globalenv())
  call <- as.call(c(list(quote(nnet::nnet), formula, quote(data_of_fit), trace = FALSE), options))
  list(fit = eval(call), data = data, formula = formula)
}

in_order <- function(values, terms) I(unname(values[terms, 1]))

garson_reference <- function(made, ...) {
  list(importance = in_order(NeuralNetTools::garson(made$fit, bar_plot = FALSE), made$fit$coefnames))
}

olden_reference <- function(made, ...) {
  outputs <- if (made$fit$n[[3]] > 1) made$fit$lev
  sums <- lapply(if (is.null(outputs)) list(NULL) else outputs, function(output) {
    in_order(suppressWarnings(NeuralNetTools::olden(made$fit, out_var = output, bar_plot = FALSE)), made$fit$coefnames)
  })
  list(importance = I(unlist(sums)))
}

lekprofile_reference <- function(made, arguments) {
  quantiles <- if (is.null(arguments$group_vals)) seq(0, 1, by = 0.2) else unlist(arguments$group_vals)
  found <- NeuralNetTools::lekprofile(made$fit, steps = arguments$steps, group_vals = quantiles, val_out = TRUE)
  profile <- found[[1]][order(match(found[[1]]$exp_name, made$fit$coefnames)), ]
  list(x = I(profile$Explanatory), fitted = I(profile$Response), value = I(as.vector(t(as.matrix(found[[2]])))))
}

importance_reference <- function(made, arguments) {
  if (!is.null(arguments$seed)) {
    set.seed(arguments$seed)
  }
  terms <- attr(made$fit$terms, "term.labels")
  columns <- unique(unlist(lapply(terms, function(term) all.vars(str2lang(term)))))
  rows <- made$data[stats::complete.cases(made$data[all.vars(made$formula)]), ]
  shuffles <- lapply(seq_len(arguments$repeats), function(i) sample(nrow(rows)))
  metric <- if (is.null(arguments$metric)) "loss" else arguments$metric
  truth <- rows[[all.vars(made$formula)[[1]]]]
  judge <- function(data) {
    raw <- predict(made$fit, data)
    switch(metric,
      loss = mean(-log(raw[cbind(seq_along(truth), as.integer(truth))])),
      accuracy = -mean(predict(made$fit, data, type = "class") == truth),
      rmse = sqrt(mean((raw - truth)^2))
    )
  }
  worse <- lapply(columns, function(column) {
    vapply(shuffles, function(shuffle) {
      shuffled <- rows
      shuffled[[column]] <- rows[[column]][shuffle]
      judge(shuffled) - judge(rows)
    }, 0)
  })
  list(
    term = I(columns), importance = I(vapply(worse, mean, 0)),
    std.error = I(vapply(worse, function(each) sd(each) / sqrt(length(each)), 0))
  )
}

reference_of <- function(case) {
  set.seed(case$seed)
  made <- fit_of(case$arguments$fit$arguments)
  found <- get(paste0(case$call, "_reference"))(made, case$arguments)
  c(list(name = case$name), found)
}

cases <- jsonlite::fromJSON(in_shared("importance.json"), simplifyVector = FALSE)
text <- jsonlite::toJSON(lapply(cases, reference_of), digits = NA, auto_unbox = TRUE)
writeLines(gsub("},{\"name\"", "},\n{\"name\"", text, fixed = TRUE), in_shared("references", "importance.json"))
