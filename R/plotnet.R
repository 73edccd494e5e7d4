#' Draw a fitted network
#'
#' Circles are units, lines are weights: black where positive, grey where negative, the wider the larger. The layout is
#' computed once for both languages, so that R and Python show one picture. Arguments and look follow `plotnet()` of
#' package NeuralNetTools.
#'
#' @param mod_in A network fitted with [nnet()], of this package or of package nnet.
#' @param nid Whether lines show sign and size of the weights; `FALSE` draws all alike.
#' @param bias Whether to draw the bias units.
#' @param rel_rsc How many times as wide as the narrowest line the widest is.
#' @param circle_cex,cex_val Sizes of circles and of text.
#' @param node_labs,var_labs Whether to write I1, H1, O1 into the circles, and the names beside them.
#' @param x_lab,y_lab Names of inputs and outputs instead of the network's own.
#' @param alpha_val Opacity of the lines, 0 to 1.
#' @param circle_col,pos_col,neg_col,bord_col Colours of the circles, of positive and negative weights, and of the
#'   circles' borders.
#' @param max_sp Whether each layer fills the height; by default units are equally far apart in all layers.
#'
#' @return A ggplot.
#' @source Beck (2018), NeuralNetTools, *Journal of Statistical Software* 85(11).
#' @examples
#' \dontrun{
#' plotnet(nnet(Species ~ ., iris, size = 2, trace = FALSE))
#' }
#' @export
plotnet <- function(mod_in, nid = TRUE, bias = TRUE, rel_rsc = 5, circle_cex = 5, node_labs = TRUE, var_labs = TRUE,
                    x_lab = NULL, y_lab = NULL, cex_val = 1, alpha_val = 1, circle_col = "lightblue",
                    pos_col = "black", neg_col = "grey", bord_col = "lightblue", max_sp = FALSE) {
  need_package("ggplot2", "plotnet()")
  if (!inherits(mod_in, "nnet")) {
    abort_tidydl("argument", sprintf("`mod_in` is %s.", described(mod_in)), "A network fitted with nnet().")
  }
  layout <- call_python("network_layout", list(
    n = as.integer(mod_in$n), wts = mod_in$wts, mask = as.double(network_mask(mod_in)),
    inputs = if (is.null(x_lab)) input_names(mod_in) else x_lab,
    outputs = if (!is.null(y_lab)) y_lab else if (mod_in$n[[3]] > 1) output_names(mod_in) else nnet_response(mod_in),
    skip = is_skip(mod_in), bias = bias, rel_rsc = rel_rsc, circle_cex = circle_cex, cex_val = cex_val, max_sp = max_sp
  ))
  lines <- layout$lines
  if (!nid) {
    neg_col <- pos_col
    lines$linewidth <- lines$linewidth / lines$width
  }
  draw_network(
    layout$nodes, lines, c(positive = pos_col, negative = neg_col), alpha_val, circle_col, bord_col, node_labs, var_labs
  )
}

network_mask <- function(x) {
  mask <- x$tidydl$mask
  if (is.null(mask)) rep(TRUE, length(x$wts)) else mask
}

draw_network <- function(nodes, lines, colours, alpha, circle_col, bord_col, node_labs, var_labs) {
  place <- function(...) ggplot2::aes(x = .data$x, y = .data$y, ...)
  ends <- place(xend = .data$xend, yend = .data$yend, colour = .data$sign)
  width <- if (utils::packageVersion("ggplot2") >= "3.4.0") "linewidth" else "size"
  segments <- list(mapping = ends, data = lines, alpha = alpha, lineend = "round")
  segments[[width]] <- lines$linewidth
  text <- nodes$text[[1]] / ggplot2::.pt
  picture <- ggplot2::ggplot() +
    do.call(ggplot2::geom_segment, segments) +
    ggplot2::geom_point(
      place(), nodes, size = nodes$size[[1]] * 0.75, fill = circle_col, colour = bord_col, shape = 21
    ) +
    ggplot2::scale_colour_manual(values = colours, guide = "none") +
    ggplot2::coord_cartesian(xlim = c(-1.6, 1.6), ylim = c(-0.05, 1.14)) +
    ggplot2::theme_void()
  if (node_labs) {
    picture <- picture + ggplot2::geom_text(place(label = .data$label), nodes, size = text)
  }
  if (var_labs) {
    beside <- function(layer, hjust, nudge) {
      ggplot2::geom_text(
        place(label = .data$name), nodes[nodes$layer == layer, ],
        size = text * 1.1, hjust = hjust, nudge_x = nudge
      )
    }
    picture <- picture + beside("input", 1, -0.1) + beside("output", 0, 0.1)
  }
  picture
}

need_package <- function(package, user, call = rlang::caller_env()) {
  if (!requireNamespace(package, quietly = TRUE)) {
    abort_tidydl(
      "dependency", sprintf("%s needs the package '%s', which is not installed.", user, package),
      hint = sprintf("install.packages(\"%s\")", package), call = call
    )
  }
}

utils::globalVariables(".data")
