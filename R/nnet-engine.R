# R's own nnet as an engine: for engine = "r", and if there is no Python half.

# In the order of python/tidydl/networks/engines.py.
engine_names <- c("exact", "r", "torch")

# The engine that fits, or NULL where Python chooses it.
choose_engine <- function(engine, device, call) {
  on_cpu <- identical(device, "cpu") || identical(device, "auto")
  if (is.null(engine)) {
    return(if (on_cpu && !python_is_there(call)) "r")
  }
  engine <- check_choice("engine", engine, engine_names, call = call)
  if (engine == "r" && !on_cpu) {
    abort_tidydl(
      "argument",
      sprintf("`engine` 'r' works on the CPU alone, and `device` is %s.", described(device)),
      "`engine` \"torch\" on other devices, or `device` \"cpu\".",
      call = call
    )
  }
  engine
}

# Starts Python. If that fails, R's own nnet fits for the rest of the session, with one message.
python_is_there <- function(call) {
  if (!is.null(the$start)) {
    return(TRUE)
  }
  if (!is.null(the$without_python)) {
    return(FALSE)
  }
  the$without_python <- tryCatch(
    {
      start_python(call)
      NULL
    },
    tidydl_error_dependency = function(cnd) cnd$problem
  )
  if (!is.null(the$without_python)) {
    rlang::inform(c(
      "nnet() runs R's own nnet here, because tidydl's Python half is not there.",
      i = the$without_python, ">" = "install_tidydl() brings it; the numbers are the same."
    ), class = "tidydl_message")
  }
  is.null(the$without_python)
}

# The solution in Python's form. R reports the iterations only if `maxit` was reached, and no evaluations.
solve_with_r <- function(plan, start, call = quote(nnet())) {
  maxit <- plan$settings$maxit
  began <- proc.time()[["elapsed"]]
  fit <- tryCatch(fit_with_r(plan, start), error = function(cnd) {
    value <- if (maxit > 0) fit_with_r(plan, start, maxit = 0, trace = FALSE)$value else 0
    if (is.finite(value)) rlang::cnd_signal(cnd)
    abort_not_finite(value, call)
  })
  list(
    wts = fit$wts, value = fit$value, convergence = fit$convergence,
    iterations = if (fit$convergence == 1 || maxit == 0) maxit else NA, evaluations = NA,
    fitted = fit$fitted.values, curve = numeric(), seconds = proc.time()[["elapsed"]] - began,
    engine = "r", device = "cpu"
  )
}

# Found in its namespace, because a call of the generic from here would find tidydl's own method.
fit_with_r <- function(plan, start, maxit = plan$settings$maxit, trace = plan$settings$trace) {
  loss <- plan$loss
  get("nnet.default", envir = asNamespace("nnet"))(
    unname(plan$x), unname(plan$response$y), weights = plan$weights, size = plan$n[[2]], Wts = start,
    mask = plan$mask, linout = loss == "linear", entropy = loss == "entropy", softmax = loss == "softmax",
    censored = loss == "censored", skip = plan$skip, decay = plan$decay, maxit = maxit, trace = trace,
    MaxNWts = plan$n_weights, abstol = plan$settings$abstol, reltol = plan$settings$reltol
  )
}

abort_not_finite <- function(value, call) {
  abort_tidydl(
    "data", sprintf("`x` and the initial weights give a value of %s, which is not finite.", small_letters(value)),
    "Finite numbers in x, y and Wts.", "Look for infinite or very large values, and scale the inputs.",
    call = call
  )
}
