#' Lek's profiles of a network
#'
#' Each variable in turn is varied in even steps from its minimum to its maximum in the data, a categorical one over its
#' levels, while all others are held at the values of each group in turn.
#'
#' Variables are columns of the data: a formula's transformations, interactions and contrasts are recomputed for every
#' value. Clusters are found by k-means on the unscaled values, as the best of ten fixed starts, so the scale of the
#' variables matters; the largest cluster comes first. For more than 10,000 rows, the best start is found on a fixed
#' sample of 10,000 rows and refined by at most ten iterations on all rows. Arguments and values are those of
#' `lekprofile()` in package NeuralNetTools. Requires Python.
#'
#' @param fit A network fitted with [nnet()] or `multinom()`, of this package or of package nnet.
#' @param data The data frame with the columns of the formula, or the inputs of a network that was fitted without a
#'   formula; by default the data named in the call of the fit.
#' @param xsel,ysel The variables and the outputs; by default all.
#' @param steps Number of values per variable.
#' @param group_vals The values at which the others are held: quantiles from 0 to 1 (R's type 7); or an integer of at
#'   least 2, for the means of that many clusters of rows; or a data frame with one row per group and one column per
#'   variable. Categorical variables are held at their most frequent level, for clusters the most frequent within the
#'   cluster.
#' @param group_show Whether to return the values of the groups instead of the profiles.
#' @param grp_nms Names of the groups.
#'
#' @return A tibble of class `tidydl_lekprofile` with one row per variable, output, group and value: `variable`
#'   (factor), `x`, `level` (the name of the level, missing for a numeric variable; `x` is the value of a numeric
#'   variable, and the index of a level, counted from 1), `group` (factor), `output` (factor), `fitted`. With
#'   `group_show` one of class `tidydl_lekgroups`: `group`, `variable`, `value`, `level`. [autoplot()] draws both.
#' @section Errors: `tidydl_error_argument`, `tidydl_error_column`, `tidydl_error_data`.
#' @source Lek, Delacoste, Baran, Dimopoulos, Lauga & Aulagnier (1996), *Ecological Modelling* 90, 39-52; Gevrey,
#'   Dimopoulos & Lek (2003), *Ecological Modelling* 160, 249-264; Beck (2018), NeuralNetTools, *Journal of Statistical
#'   Software* 85(11).
#' @seealso [importance()]
#' @examplesIf requireNamespace("ggplot2", quietly = TRUE) && tidydl:::python_ready()
#' fit <- nnet(Species ~ ., iris, size = 2, decay = 0.01, trace = FALSE)
#' profiles <- lekprofile(fit)
#' autoplot(profiles)
#' lekprofile(fit, group_vals = 3, group_show = TRUE)
#' @export
lekprofile <- function(fit, data = NULL, xsel = NULL, ysel = NULL, steps = 100, group_vals = seq(0, 1, by = 0.2),
                       group_show = FALSE, grp_nms = NULL) {
  check_network("fit", fit, with_weights = FALSE)
  rows <- network_rows(fit, data, parent.frame())
  layout <- call_python("profile_grid", list(
    inputs = rows$frame, xsel = as_list(xsel), steps = steps, group_vals = group_vals, grp_nms = as_list(grp_nms),
    factors = I(factors_of(first_network(fit), names(rows$frame)))
  ))
  if (check_flag("group_show", group_show)) {
    return(with_class(layout$groups, "tidydl_lekgroups"))
  }
  frame <- call_python("profile_frame", list(
    steps = layout$steps, fitted = network_outputs(fit, layout$grid, rows$unused),
    outputs = I(network_labels(fit)$outputs), ysel = as_list(ysel)
  ))
  with_class(frame, "tidydl_lekprofile")
}

# The columns of numbers that the formula turns into factors.
factors_of <- function(fit, columns) {
  classes <- attr(fit$terms, "dataClasses")
  labels <- names(classes)[classes %in% c("factor", "ordered")]
  is_coded <- grepl("^(as\\.)?(factor|ordered)\\(", labels)
  coded <- unlist(lapply(labels[is_coded], function(label) all.vars(str2lang(label))))
  intersect(as.character(coded), columns)
}
