#' Lek's profiles of a network
#'
#' One variable after the other runs in even steps from its smallest to its largest value in the data, a categorical
#' one through its levels, while all others are held at the values of one group after the other.
#'
#' Variables are columns of the data: a formula's transformations, interactions and contrasts are computed anew for
#' every value. Clusters are found by k-means on the numbers as they are, the best of ten starts that are always the
#' same, so that scale matters; the largest comes first. Of more than 10,000 rows the best start is that of 10,000
#' drawn, always the same, improved by at most ten rounds on all rows. Arguments and values are those of `lekprofile()`
#' in package NeuralNetTools. Python is needed.
#'
#' @param fit A network fitted with [nnet()] or `multinom()`, of this package or of package nnet.
#' @param data The data frame with the columns of the formula, or the inputs of a network that was fitted to numbers; by
#'   default what the call of the fit names.
#' @param xsel,ysel Which variables and which outputs; by default all.
#' @param steps How many values a variable takes from end to end.
#' @param group_vals What the others are held at: quantiles from 0 to 1 (R's type 7); or a whole number of at least 2,
#'   for the means of so many clusters of rows; or a data frame with a row for each group and a column for each
#'   variable. Categorical variables are held at their commonest level, in clusters at the commonest there.
#' @param group_show Whether to give the held values instead of the profiles.
#' @param grp_nms Names of the groups.
#'
#' @return A tibble of class `tidydl_lekprofile` with a row for each variable, output, group and value: `variable`
#'   (factor), `x`, `level` (the level's name, missing for a number, whose `x` is its value; a level's is its place from
#'   1), `group` (factor), `output` (factor), `fitted`. With `group_show` one of class `tidydl_lekgroups`: `group`,
#'   `variable`, `value`, `level`. [autoplot()] draws both.
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
  rows <- network_inputs(fit, data, parent.frame())
  made <- call_python("profile_grid", list(
    inputs = rows$frame, xsel = as_list(xsel), steps = steps, group_vals = group_vals, grp_nms = as_list(grp_nms),
    factors = I(factors_of(first_network(fit), names(rows$frame)))
  ))
  if (check_flag("group_show", group_show)) {
    return(with_class(made$groups, "tidydl_lekgroups"))
  }
  frame <- call_python("profile_frame", list(
    steps = made$steps, fitted = network_outputs(fit, made$grid, rows$unused),
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
