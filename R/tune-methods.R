# Methods for the search of tune_nnet(). Only autoplot() starts Python.

#' @export
print.tidydl_tuning <- function(x, ...) {
  points <- nrow(x$summary)
  ending <- if (points == 1L) "" else "s"
  cat(sprintf("%d grid point%s, %s, %d fits\n", points, ending, x$resamples, nrow(x$fits)))
  cat(sprintf("best by %s: size %.0f, decay %.15g\n", x$metric, x$best$size, x$best$decay))
  print(x$summary)
  invisible(x)
}

#' @export
tidy.tidydl_tuning <- function(x, ...) {
  check_no_more(..., call = quote(tidy()), name = "tidy", known = character())
  x$summary
}

#' @export
glance.tidydl_tuning <- function(x, ...) {
  check_no_more(..., call = quote(glance()), name = "glance", known = character())
  best <- x$summary[x$summary$best, ]
  tibble::tibble(
    n_points = nrow(x$summary), n_resamples = nlevels(x$fits$resample), n_fits = nrow(x$fits),
    n_failed = sum(is.na(x$fits$value)), metric = best$metric, mean = best$mean, std_error = best$std_error,
    size = best$size, decay = best$decay, nobs = nrow(x$fit$fitted.values), engine = x$fit$tidydl$engine,
    device = x$fit$tidydl$device, seconds = x$seconds
  )
}

#' @export
predict.tidydl_tuning <- function(object, ...) stats::predict(object$fit, ...)

#' @export
augment.tidydl_tuning <- function(x, ...) augment(x$fit, ...)

#' @export
coef.tidydl_tuning <- function(object, ...) stats::coef(object$fit, ...)

#' @export
summary.tidydl_tuning <- function(object, ...) summary(object$fit, ...)

#' @rdname autoplot
#' @exportS3Method ggplot2::autoplot
autoplot.tidydl_tuning <- function(object, ...) {
  layout <- call_python("tuning_layout", list(summary = object$summary))
  points <- layout$points
  ggplot2::ggplot(points, ggplot2::aes(.data$x, .data$mean, colour = .data$decay, group = .data$decay)) +
    line_layer(
      ggplot2::geom_segment, 0.8,
      ggplot2::aes(xend = .data$x, y = .data$low, yend = .data$high)
    ) +
    line_layer(ggplot2::geom_line, 1.4) +
    ggplot2::geom_point(size = point_size(4)) +
    ggplot2::geom_point(data = points[points$best, ], shape = 1, size = point_size(9), show.legend = FALSE) +
    ggplot2::scale_colour_manual(values = stats::setNames(layout$keys$colour, layout$keys$decay), name = "decay") +
    ggplot2::scale_x_continuous(breaks = layout$ticks$at, labels = layout$ticks$label, minor_breaks = NULL) +
    ggplot2::labs(x = "hidden units", y = layout$metric) +
    ggplot2::theme_bw(base_size = base_size)
}
