# The fit shared by nnet(), multinom() and tune_nnet(): checked arguments, weights drawn by R, one crossing, R's record.

# The checked fit, ready but for its initial weights. `mask` and `decay` are as R's record keeps them.
plan_network <- function(x, response, weights, size, Wts = NULL, mask = NULL, linout = FALSE, entropy = FALSE,
                         softmax = FALSE, censored = FALSE, skip = FALSE, rang = 0.7, decay = 0, maxit = 100,
                         Hess = FALSE, trace = TRUE, MaxNWts = 1000, abstol = 1.0e-4, reltol = 1.0e-8, ...,
                         call = quote(nnet())) {
  check_no_more(..., call = call)
  weights <- check_case_weights(weights, nrow(x), call)
  loss <- choose_loss(response, linout, entropy, softmax, censored, call)
  skip <- check_flag("skip", skip, call = call)
  n <- c(ncol(x), check_count("size", if (!missing(size)) size, call = call), ncol(response$y))
  n_weights <- check_number_of_weights(n, skip, check_count("MaxNWts", MaxNWts, 1, call = call), call)
  check_decay(decay, n_weights, call)
  mask <- check_mask(if (is.null(mask)) rep(TRUE, n_weights) else mask, n_weights, call)
  plan <- list(
    n = n, n_weights = n_weights, skip = skip, loss = loss, decay = decay, mask = mask, x = x, response = response,
    weights = as.double(weights), rang = check_number("rang", rang, 0, call = call),
    Wts = if (!is.null(Wts)) check_start(Wts, n_weights, call), Hess = check_flag("Hess", Hess, call = call),
    settings = list(
      maxit = check_count("maxit", maxit, call = call), abstol = check_number("abstol", abstol, call = call),
      reltol = check_number("reltol", reltol, call = call), trace = check_flag("trace", trace, call = call)
    )
  )
  if (linout && !is.null(response$levels) && loss %in% c("softmax", "censored")) {
    warn_tidydl("`linout` is ignored: for a response of classes the outputs are probabilities.")
  }
  plan
}

# Those given, else drawn: of several fits one after the other.
initial_weights <- function(plan, fits = 1L) {
  if (!is.null(plan$Wts)) {
    return(as.double(plan$Wts))
  }
  n <- plan$n_weights * fits
  if (plan$rang > 0) stats::runif(n, -plan$rang, plan$rang) else rep(0, n)
}

# What Python needs of a plan, besides the initial weights.
plan_arguments <- function(plan) {
  c(
    list(
      x = unname(plan$x), y = unname(plan$response$y), weights = plan$weights, mask = as.double(plan$mask),
      decay = as.double(plan$decay), size = plan$n[[2]], skip = plan$skip, loss = plan$loss
    ),
    plan$settings
  )
}

# Fits from the initial weights with the requested engine.
solve_network <- function(plan, start, engine = NULL, device = "cpu", threads = NULL, call = quote(nnet())) {
  engine <- choose_engine(engine, device, call)
  if (identical(engine, "r")) {
    return(solve_with_r(plan, start, call))
  }
  solve_with_python("fit_arrays", plan, start, engine, device, threads, call)
}

solve_with_python <- function(name, plan, wts, engine, device, threads, call) {
  where <- list(wts = wts, engine = engine, device = device, threads = threads, advice = advice_wanted(plan))
  call_python(name, c(plan_arguments(plan), where), call = call)
}

# What Python needs to warn of uninformative or too large inputs; NULL if the argument is unknown.
advice_wanted <- function(plan) {
  if (is.null(plan$argument)) {
    return(NULL)
  }
  names <- colnames(plan$x)
  drawn <- is.null(plan$Wts) && plan$n[[2]] > 0
  list(argument = plan$argument, names = if (!is.null(names)) I(names), rang = if (drawn) plan$rang)
}

# The components of R's nnet, under R's names and in R's order, and our own in `tidydl`.
nnet_record <- function(plan, solution) {
  n <- plan$n
  loss <- plan$loss
  connections <- nnet_connections(n, plan$skip)
  fitted <- solution$fitted
  y <- plan$response$y
  dimnames(fitted) <- list(rownames(plan$x), colnames(y))
  dimnames(y) <- dimnames(fitted)
  linear <- loss %in% c("linear", "softmax", "censored")
  nunits <- as.integer(1L + sum(n))
  record <- list(
    n = as.double(n), nunits = nunits, nconn = connections$nconn, conn = connections$conn,
    nsunits = if (linear) as.double(nunits - n[[3]]) else nunits, decay = plan$decay,
    entropy = loss == "entropy", softmax = loss %in% c("softmax", "censored"), censored = loss == "censored",
    value = solution$value, wts = as.double(solution$wts), convergence = as.integer(solution$convergence),
    fitted.values = fitted, residuals = y - fitted
  )
  record$lev <- plan_levels(plan)
  if (plan$Hess) record$Hessian <- record_hessian(record, plan)
  curve <- matrix(as.double(solution$curve), ncol = 2)
  record$tidydl <- list(
    iterations = as.integer(solution$iterations), evaluations = as.integer(solution$evaluations),
    seconds = solution$seconds, engine = solution$engine, device = solution$device, mask = plan$mask,
    curve = new_tibble(list(iteration = as.integer(curve[, 1]), value = curve[, 2]), nrow(curve))
  )
  record
}

# The names of the classes; for numeric responses those of package nnet.
plan_levels <- function(plan) {
  if (!is.null(plan$response$levels)) {
    return(plan$response$levels)
  }
  switch(plan$loss, entropy = c("0", "1"), softmax = , censored = colnames(plan$response$y))
}

# A tibble without checks of its columns, which take tibble() a quarter of a millisecond.
new_tibble <- function(columns, rows) vctrs::new_data_frame(columns, n = rows, class = c("tbl_df", "tbl"))

# Which unit each weight comes from, and where each unit's weights begin.
nnet_connections <- function(n, skip) {
  inputs <- seq_len(n[[1]])
  hidden <- n[[1]] + seq_len(n[[2]])
  to_hidden <- c(0, inputs)
  to_output <- c(0, hidden, if (skip) inputs)
  widths <- c(rep(length(to_hidden), n[[2]]), rep(length(to_output), n[[3]]))
  list(
    nconn = c(rep(0, n[[1]] + 2L), cumsum(as.double(widths))),
    conn = as.double(c(rep(to_hidden, n[[2]]), rep(to_output, n[[3]])))
  )
}
