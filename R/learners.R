# Networks as learners of mlr3 and as engines of parsnip, which are told of them when they are loaded.

#' @section Learners of mlr3 and engines of parsnip: Where package mlr3 is loaded beside tidydl, its dictionary has the
#'   learners `classif.tidydl` and `regr.tidydl`; `lrn("classif.nnet")` stays that of package mlr3learners. They take
#'   `size` (3 by default), `decay`, `maxit`, `skip`, `rang`, `repeats`, `Hess`, `MaxNWts`, `abstol`, `reltol`, `trace`,
#'   `Wts`, `mask`, `contrasts`, `engine`, `device` and `threads`; that of regressions has linear outputs. Weights of
#'   the task are used. `learner$model` is the network, for `summary()`, [plotnet()], [tidy()] and the others.
#'
#'   Where parsnip is loaded, `mlp()` has the engine `"tidydl"`, in which `hidden_units` is `size` (it has to be given),
#'   `penalty` is `decay` and `epochs` is `maxit`, and `multinom_reg()` has it for [multinom()]. Other arguments go to
#'   `set_engine()`.
#'
#' @rdname nnet
#' @name nnet
NULL

learner_packages <- list(mlr3 = "register_learners", parsnip = "register_engines")

# Tells those that are loaded now, and sees to it that the others are told when they are.
offer_learners <- function() {
  for (package in names(learner_packages)) {
    register <- get(learner_packages[[package]])
    setHook(packageEvent(package, "onLoad"), register)
    if (isNamespaceLoaded(package)) {
      register()
    }
  }
}

withdraw_learners <- function() {
  for (package in names(learner_packages)) {
    take_hook(packageEvent(package, "onLoad"), get(learner_packages[[package]]))
  }
  if (isNamespaceLoaded("mlr3")) {
    mlr3::mlr_learners$remove(c("classif.tidydl", "regr.tidydl"))
  }
}

register_learners <- function(...) {
  mlr3::mlr_learners$add("classif.tidydl", function() new_learner("classif"))
  mlr3::mlr_learners$add("regr.tidydl", function() new_learner("regr"))
}

new_learner <- function(type) {
  is_classifier <- type == "classif"
  base <- if (is_classifier) mlr3::LearnerClassif else mlr3::LearnerRegr
  create_class <- getExportedValue("R6", "R6Class") # which comes with mlr3
  generator <- create_class(
    if (is_classifier) "LearnerClassifTidydl" else "LearnerRegrTidydl",
    inherit = base,
    parent_env = environment(),
    public = list(initialize = function() {
      super$initialize(
        id = paste0(type, ".tidydl"), packages = "tidydl", param_set = learner_parameters(),
        feature_types = c("logical", "integer", "numeric", "factor", "ordered"),
        predict_types = if (is_classifier) c("response", "prob") else "response",
        properties = c("weights", if (is_classifier) c("twoclass", "multiclass")), label = "Neural Network"
      )
    }),
    private = list(
      .train = function(task) fitted_to_task(task, self$param_set$get_values(tags = "train"), is_classifier),
      .predict = function(task) predicted_for_task(self, task)
    )
  )
  generator$new()
}

utils::globalVariables(c("self", "super")) # which R6 puts into the scope of methods

learner_parameters <- function() {
  from_paradox <- function(name) getExportedValue("paradox", name)
  whole <- function(...) from_paradox("p_int")(..., tags = "train")
  number <- function(...) from_paradox("p_dbl")(..., tags = "train")
  flag <- function(...) from_paradox("p_lgl")(..., tags = "train")
  any <- function(...) from_paradox("p_uty")(..., tags = "train")
  parameters <- from_paradox("ps")(
    size = whole(0L), decay = number(0, default = 0), maxit = whole(1L, default = 100L), skip = flag(default = FALSE),
    rang = number(default = 0.7), repeats = whole(1L, default = 1L), Hess = flag(default = FALSE),
    MaxNWts = whole(1L, default = 1000L), abstol = number(default = 1e-4), reltol = number(default = 1e-8),
    trace = flag(default = TRUE), Wts = any(), mask = any(), contrasts = any(), engine = any(), device = any(),
    threads = any()
  )
  parameters$values <- list(size = 3L)
  parameters
}

fitted_to_task <- function(task, values, is_classifier) {
  data <- as.data.frame(task$data())
  weights <- if (is.null(task$weights_learner)) task$weights else task$weights_learner # the newer name
  arguments <- c(
    list(task$formula(), data = data), values, if (!is_classifier) list(linout = TRUE),
    if (!is.null(weights)) list(weights = weights$weight)
  )
  do.call(nnet.formula, arguments, quote = TRUE)
}

predicted_for_task <- function(learner, task) {
  data <- as.data.frame(task$data(cols = task$feature_names))
  raw <- stats::predict(learner$model, data, type = "raw")
  if (learner$task_type == "regr") {
    return(list(response = as.vector(raw)))
  }
  if (learner$predict_type == "response") {
    return(list(response = stats::predict(learner$model, data, type = "class")))
  }
  prob <- as_probabilities(raw, learner$model$lev)
  list(prob = prob[, task$class_names, drop = FALSE])
}

# One column a class, of what predict() gives: for two classes the probability of the second alone, and for one row a
# vector.
as_probabilities <- function(raw, levels) {
  raw <- if (is.null(dim(raw))) matrix(raw, ncol = if (length(levels) == 2L) 1L else length(levels)) else unname(raw)
  if (ncol(raw) == 1L) {
    raw <- cbind(1 - raw, raw)
  }
  dimnames(raw) <- list(NULL, levels)
  raw
}

register_engines <- function(...) {
  if ("tidydl" %in% parsnip::show_engines("mlp")$engine) {
    return(invisible())
  }
  for (mode in c("classification", "regression")) {
    register_engine("mlp", mode, "nnet", list(trace = FALSE, linout = mode == "regression"))
  }
  register_engine("multinom_reg", "classification", "multinom", list(trace = FALSE))
  names <- list(c("hidden_units", "size"), c("penalty", "decay"), c("epochs", "maxit"))
  for (name in names) {
    register_argument("mlp", name[[1L]], name[[2L]])
  }
  register_argument("multinom_reg", "penalty", "decay")
  register_prediction("mlp", "regression", "numeric", "raw", function(x, object) as.vector(x))
  register_prediction("mlp", "regression", "raw", "raw")
  for (model in c("mlp", "multinom_reg")) {
    register_prediction(model, "classification", "class", "class")
    raw <- if (model == "mlp") "raw" else "probs"
    register_prediction(model, "classification", "raw", raw)
    register_prediction(model, "classification", "prob", raw, function(x, object) {
      tibble::as_tibble(as_probabilities(x, object$lvl))
    })
  }
}

register_engine <- function(model, mode, fun, defaults) {
  parsnip::set_model_engine(model, mode, "tidydl")
  parsnip::set_dependency(model, "tidydl", "tidydl", mode = mode)
  parsnip::set_fit(model, mode, "tidydl", value = list(
    interface = "formula", protect = c("formula", "data"), func = c(pkg = "tidydl", fun = fun), defaults = defaults
  ))
  parsnip::set_encoding(model, mode, "tidydl", options = list(
    predictor_indicators = "none", compute_intercept = FALSE, remove_intercept = FALSE, allow_sparse_x = FALSE
  ))
}

register_argument <- function(model, theirs, ours) {
  parsnip::set_model_arg(model, "tidydl", theirs, ours, func = list(pkg = "dials", fun = theirs), has_submodel = FALSE)
}

register_prediction <- function(model, mode, type, ours, post = NULL) {
  parsnip::set_pred(model, mode, "tidydl", type, value = list(
    pre = NULL, post = post, func = c(fun = "predict"),
    args = list(object = quote(object$fit), newdata = quote(new_data), type = ours)
  ))
}
