#' Variable importance of a network
#'
#' Computed from the weights (Garson, Olden), or by permutation: how much worse the network predicts after a column of
#' the data is shuffled.
#'
#' Biases are ignored. Garson's shares follow Goh (1995): at every hidden unit the absolute products of an input's
#' weight and the unit's weight to the output are divided by their sum over the inputs; the shares are summed over the
#' units and divided by their total, so that an output's own weights cancel. A hidden unit without a path from the
#' inputs to the output is ignored, and an output that no input reaches has missing shares. The direct weights from the
#' inputs to an output (`skip`) count as one additional unit. Olden's sums include the direct weights as they are.
#'
#' The permutations are drawn with R's [sample.int()], in sequence and the same for every column; results in Python are
#' identical after the same seed. All methods require Python.
#'
#' @param fit A network fitted with [nnet()] or `multinom()`, of this package or of package nnet.
#' @param method `"garson"`: the share of the absolute weights that passes through an input, from 0 to 1. `"olden"`: the
#'   signed sum of the products of weights along all paths from an input to an output. `"permutation"`: how much worse
#'   the network predicts after a column of the data is shuffled.
#' @param data For `"permutation"`: the data frame with the columns of the formula, or the inputs of a network that was
#'   fitted without a formula; by default the data named in the call of the fit. Held-out data give a fairer estimate.
#' @param y The response for these inputs, if the network was fitted without a formula; by default that of the training
#'   rows.
#' @param metric The metric: `"loss"`, the mean over the rows of the loss that the network was fitted with; `"rmse"` or
#'   `"mae"` for regression; `"accuracy"` for classification.
#' @param repeats Number of permutations per column.
#' @param seed The seed of the permutations, which leaves the session's random number stream unchanged; by default they
#'   draw from that stream.
#'
#' @return A tibble of class `tidydl_importance` with one row per input, in their order, and output: `term`, `output`
#'   (factor), `importance`. For `"permutation"` one row per column of the data that the network uses, over all outputs
#'   together (`output` is the response), with `std.error`, the standard deviation over the permutations divided by the
#'   square root of their number: `importance` is the mean increase of the loss or error, or the mean decrease of
#'   accuracy. [autoplot()] draws it.
#' @section Errors: `tidydl_error_argument`, `tidydl_error_column`, `tidydl_error_data`.
#' @source Garson (1991), *AI Expert* 6(4), 46-51; Goh (1995), *Artificial Intelligence in Engineering* 9, 143-151;
#'   Olden, Joy & Death (2004), *Ecological Modelling* 178, 389-397; Breiman (2001), *Machine Learning* 45, 5-32;
#'   Fisher, Rudin & Dominici (2019), *Journal of Machine Learning Research* 20(177).
#' @seealso [lekprofile()]
#' @examplesIf tidydl:::python_ready()
#' fit <- nnet(Species ~ ., iris, size = 2, decay = 0.01, trace = FALSE)
#' olden(fit)
#' importance(fit, "permutation", iris, metric = "accuracy", seed = 1)
#' @export
importance <- function(fit, method = c("garson", "olden", "permutation"), data = NULL, y = NULL,
                       metric = c("loss", "rmse", "mae", "accuracy"), repeats = 10, seed = NULL) {
  method <- check_choice("method", method, c("garson", "olden", "permutation"))
  check_network("fit", fit, with_weights = method != "permutation")
  if (method != "permutation") {
    return(as_importance(call_python("weight_importance", c(network_weights(fit), list(method = method)))))
  }
  metric <- check_choice("metric", metric, c("loss", "rmse", "mae", "accuracy"))
  repeats <- check_count("repeats", repeats, 1)
  rows <- network_rows(fit, data, parent.frame(), y, observed = TRUE)
  n <- nrow(rows$frame)
  shuffles <- with_seed_of(seed, unlist(lapply(seq_len(repeats), function(i) sample.int(n))))
  judge <- function(frame) {
    call_python("block_metrics", list(
      outputs = network_outputs(fit, frame, rows$unused), targets = rows$targets, loss = network_loss(fit),
      metric = metric
    ))
  }
  base <- judge(rows$frame)
  shuffled <- lapply(names(rows$frame), function(name) judge(shuffled_rows(rows$frame, name, shuffles)))
  as_importance(call_python("permutation_frame", list(
    base = base, shuffled = as.double(unlist(shuffled)), terms = I(names(rows$frame)),
    response = nnet_response(first_network(fit)), metric = metric
  )))
}

#' @rdname importance
#' @export
garson <- function(fit) {
  check_network("fit", fit, with_weights = TRUE)
  importance(fit, "garson")
}

#' @rdname importance
#' @export
olden <- function(fit) {
  check_network("fit", fit, with_weights = TRUE)
  importance(fit, "olden")
}

as_importance <- function(frame) with_class(frame, "tidydl_importance")

with_class <- function(frame, class) {
  class(frame) <- c(class, class(frame))
  frame
}

# The data once for each shuffle, below each other, with one column shuffled.
shuffled_rows <- function(frame, name, shuffles) {
  stacked <- vctrs::vec_rep(frame, length(shuffles) / nrow(frame))
  stacked[[name]] <- frame[[name]][shuffles]
  stacked
}
