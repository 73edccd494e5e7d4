#' How much each input of a network matters
#'
#' By the weights (Garson, Olden), or by how much worse the network predicts when a column of the data is shuffled.
#'
#' Biases take no part. Garson's shares are those of Goh (1995): at every hidden unit the sizes of the products of an
#' input's weight and the unit's weight to the output are divided by their sum over the inputs; the shares are added
#' over the units and divided by their total, so that an output's own weights cancel. A hidden unit without any way
#' from the inputs to the output is left out, and an output that no input reaches has missing shares. The direct weights
#' from the inputs to an output (`skip`) count as one unit more. Olden's sums include the direct weights as they are.
#'
#' The shuffles are R's [sample.int()], drawn one after the other and the same for every column; Python gives the same
#' numbers after the same seed. All need Python.
#'
#' @param fit A network fitted with [nnet()] or `multinom()`, of this package or of package nnet.
#' @param method `"garson"`: the share of the weights' sizes that runs through an input, from 0 to 1. `"olden"`: the
#'   sum of the products of weights along all ways from an input to an output, with its sign. `"permutation"`: how much
#'   worse the network predicts when a column of the data is shuffled.
#' @param data For `"permutation"`: the data frame with the columns of the formula, or the inputs of a network that was
#'   fitted to numbers; by default what the call of the fit names. Data that the network has not seen are the fairer
#'   judge.
#' @param y The response for these inputs, where the network was fitted to numbers; by default the training rows'.
#' @param metric What is compared: `"loss"`, the mean over the rows of the loss that the network was fitted by;
#'   `"rmse"` or `"mae"` for numbers; `"accuracy"` for classes.
#' @param repeats How often each column is shuffled.
#' @param seed Starts the shuffles, without touching the session's random numbers; by default they take the next of
#'   these.
#'
#' @return A tibble of class `tidydl_importance` with a row for each input, in their order, and output: `term`,
#'   `output` (factor), `importance`. For `"permutation"` a row for each column of the data that the network reads, over
#'   all outputs together (the response stands in `output`), with `std.error`, the standard deviation over the shuffles
#'   by the root of their number: `importance` is the mean growth of the loss or error, or the mean loss of accuracy.
#'   [autoplot()] draws it.
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
  rows <- network_observations(fit, data, y, parent.frame())
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
