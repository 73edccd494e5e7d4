#' Plot networks and their results
#'
#' Methods of [ggplot2::autoplot()], which is available without attaching ggplot2. Layouts and colours are computed once
#' for both languages, in Python, so that both draw the same plot.
#'
#' Names are shown without backticks and truncated to 34 characters (24 for classes in a confusion matrix, 18 for levels
#' in profiles); names that would then be equal also show their ends. Long names are wrapped in panel titles.
#'
#' @param object A fitted network, or a result of [importance()], [lekprofile()], [confusion()] or [tune_nnet()].
#' @param ... Not used.
#'
#' @return A ggplot.
#' - For a network fitted with [nnet()] or [multinom()]: the loss plus penalty after each iteration, on a log scale if
#'   it spans more than a factor of 10; with `repeats` one curve per fit.
#' - For `importance()`: one bar per input, blue if positive and grey if negative, the most important at the top, one
#'   panel per output; for permutation importance with error bars of one standard error.
#' - For `lekprofile()`: one panel per variable, one line per group of values at which the others are held, one row of
#'   panels per output if there are several; with `group_show` the values of the groups as bars.
#' - For `confusion()`: a heat map with one tile per pair of classes, response by truth, labelled with the counts;
#'   darker tiles are a larger proportion of the true class.
#' - For [tune_nnet()]: the metric by size, one line per decay, with error bars of one standard error; the best is
#'   marked with a ring.
#' @section Errors: `tidydl_error_dependency` without ggplot2, `tidydl_error_data` if the training history of a fit is
#'   not available.
#' @examplesIf requireNamespace("ggplot2", quietly = TRUE) && tidydl:::python_ready()
#' fit <- nnet(Species ~ ., iris, size = 2, decay = 0.01, trace = FALSE)
#' autoplot(fit)
#' autoplot(garson(fit))
#' autoplot(lekprofile(fit))
#' autoplot(confusion(fit))
#' @export
autoplot <- function(object, ...) {
  need_package("ggplot2", "autoplot()")
  ggplot2::autoplot(object, ...)
}

#' @rdname autoplot
#' @exportS3Method ggplot2::autoplot
autoplot.tidydl_nnet <- function(object, ...) {
  draw_curves(list(object$tidydl$curve))
}

#' @rdname autoplot
#' @exportS3Method ggplot2::autoplot
autoplot.tidydl_multinom <- autoplot.tidydl_nnet

#' @rdname autoplot
#' @exportS3Method ggplot2::autoplot
autoplot.tidydl_averaged <- function(object, ...) {
  draw_curves(lapply(object$fits, function(fit) fit$tidydl$curve))
}

draw_curves <- function(curves) {
  curve <- vctrs::vec_rbind(!!!curves)
  layout <- call_python("curve_layout", list(
    iteration = I(as.double(curve$iteration)), value = I(as.double(curve$value)),
    passes = I(vapply(curves, NROW, integer(1)))
  ))
  picture <- ggplot2::ggplot(
    layout$curve, ggplot2::aes(.data$iteration, .data$value, colour = .data$colour, group = .data$fit)
  ) +
    line_layer(ggplot2::geom_line, 1.4) +
    ggplot2::scale_colour_identity() +
    ggplot2::labs(x = "iteration", y = "loss plus penalty") +
    ggplot2::theme_bw(base_size = base_size)
  if (layout$has_dots) {
    picture <- picture + ggplot2::geom_point(size = point_size(3.5))
  }
  if (layout$is_log) picture + ggplot2::scale_y_log10() else picture
}

#' @rdname autoplot
#' @exportS3Method ggplot2::autoplot
autoplot.tidydl_importance <- function(object, ...) {
  need_columns(object, c("term", "output", "importance"))
  about <- attr(object, "tidydl")
  layout <- call_python("importance_layout", list(
    frame = tibble_of(object), method = about$method, metric = about$metric
  ))
  picture <- ggplot2::ggplot(layout$bars) +
    ggplot2::geom_rect(ggplot2::aes(
      xmin = .data$xmin, xmax = .data$xmax, ymin = .data$ymin, ymax = .data$ymax, fill = .data$fill
    )) +
    line_layer(ggplot2::geom_vline, 0.8, xintercept = 0, colour = "#4D4D4D") +
    ggplot2::scale_fill_identity() +
    ggplot2::scale_y_continuous(breaks = layout$y$at, labels = layout$y$label) +
    ggplot2::labs(x = layout$label, y = NULL) +
    ggplot2::theme_bw(base_size = base_size) +
    ggplot2::theme(
      panel.grid.major.y = ggplot2::element_blank(), panel.grid.minor.y = ggplot2::element_blank(),
      axis.text.y = ggplot2::element_text(size = layout$text)
    )
  if (layout$has_errors) {
    ends <- ggplot2::aes(x = .data$low, xend = .data$high, y = .data$y, yend = .data$y)
    picture <- picture + line_layer(ggplot2::geom_segment, 1.1, ends)
  }
  if (layout$is_many) picture + ggplot2::facet_wrap("output") else picture
}

#' @rdname autoplot
#' @exportS3Method ggplot2::autoplot
autoplot.tidydl_lekprofile <- function(object, ...) {
  need_columns(object, c("variable", "x", "level", "group", "output", "fitted"))
  layout <- call_python("profile_layout", list(frame = tibble_of(object)))
  lines <- layout$lines
  panels <- if (layout$is_many) {
    ggplot2::facet_grid(ggplot2::vars(.data$output), ggplot2::vars(.data$variable), scales = "free_x")
  } else {
    ggplot2::facet_wrap("variable", scales = "free_x", ncol = layout$columns)
  }
  ggplot2::ggplot(lines, ggplot2::aes(.data$x, .data$fitted, colour = .data$group, group = .data$group)) +
    line_layer(ggplot2::geom_line, 1.6) +
    ggplot2::geom_point(data = lines[lines$is_level, ], size = point_size(4.5)) +
    ggplot2::scale_colour_manual(
      values = stats::setNames(layout$keys$colour, layout$keys$group), name = "others held at"
    ) +
    ggplot2::scale_x_continuous(breaks = layout$ticks$at, labels = layout$ticks$label, minor_breaks = NULL) +
    panels +
    ggplot2::labs(x = NULL, y = "fitted") +
    ggplot2::theme_bw(base_size = base_size) +
    ticks_at(layout$angle)
}

#' @rdname autoplot
#' @exportS3Method ggplot2::autoplot
autoplot.tidydl_lekgroups <- function(object, ...) {
  need_columns(object, c("group", "variable", "value", "level"))
  layout <- call_python("groups_layout", list(frame = tibble_of(object)))
  ggplot2::ggplot(layout$bars) +
    ggplot2::geom_rect(ggplot2::aes(
      xmin = .data$xmin, xmax = .data$xmax, ymin = .data$ymin, ymax = .data$ymax, fill = .data$group
    )) +
    ggplot2::geom_text(
      ggplot2::aes((.data$xmin + .data$xmax) / 2, .data$ymax / 2, label = .data$text, colour = .data$ink),
      size = base_size * 0.75 / ggplot2::.pt, angle = 90
    ) +
    ggplot2::scale_colour_identity() +
    ggplot2::scale_fill_manual(
      values = stats::setNames(layout$keys$colour, layout$keys$group), name = "others held at"
    ) +
    ggplot2::scale_x_continuous(breaks = NULL) +
    ggplot2::facet_wrap("variable", scales = "free_y", ncol = layout$columns) +
    ggplot2::labs(x = NULL, y = "value") +
    ggplot2::theme_bw(base_size = base_size)
}

#' @rdname autoplot
#' @exportS3Method ggplot2::autoplot
autoplot.tidydl_confusion <- function(object, ...) {
  need_columns(object, c("response", "truth", "n"))
  layout <- call_python("confusion_layout", list(counts = tibble_of(object)))
  ggplot2::ggplot(layout$tiles, ggplot2::aes(.data$x, .data$y)) +
    line_layer(ggplot2::geom_tile, 0.6, ggplot2::aes(fill = .data$fill), colour = "#D9D9D9") +
    ggplot2::geom_text(ggplot2::aes(label = .data$n, colour = .data$ink), size = layout$text / ggplot2::.pt) +
    ggplot2::scale_fill_identity() +
    ggplot2::scale_colour_identity() +
    ggplot2::scale_x_continuous(breaks = layout$x$at, labels = layout$x$label, expand = c(0, 0)) +
    ggplot2::scale_y_continuous(breaks = layout$y$at, labels = layout$y$label, expand = c(0, 0)) +
    ggplot2::coord_fixed() +
    ggplot2::labs(x = "truth", y = "response", caption = "The darker, the larger the share of the true class") +
    ggplot2::theme_minimal(base_size = base_size) +
    ggplot2::theme(panel.grid = ggplot2::element_blank()) +
    on_white() +
    ticks_at(layout$angle)
}

# The axis labels of a plot, rotated if they are too long to fit side by side.
ticks_at <- function(angle) {
  if (angle == 90) ggplot2::theme(axis.text.x = ggplot2::element_text(angle = 90, hjust = 1, vjust = 0.5))
}

# The columns of a result, of which a part may have been taken since.
need_columns <- function(object, columns, call = rlang::caller_env()) {
  gone <- setdiff(columns, names(object))
  if (length(gone)) {
    abort_no_column(
      sprintf("`object` lacks the column '%s'.", gone[[1]]), gone[[1]], names(object), "object", call
    )
  }
}

tibble_of <- function(object) tibble::as_tibble(as.list(object))
