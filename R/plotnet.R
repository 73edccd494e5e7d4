#' Draw a fitted network
#'
#' Circles are units and lines are weights: black if positive, grey if negative, with a width by absolute value; weights
#' of a skip layer, from inputs to outputs, are dashed. The layout is computed once for both languages, so that R and
#' Python draw the same plot. Arguments and appearance follow `plotnet()` of package NeuralNetTools. Requires Python.
#'
#' @param mod_in A network fitted with [nnet()] or `multinom()`, of this package or of package nnet.
#' @param x_names,y_names Labels of inputs and outputs instead of the network's own names. They are truncated to 34
#'   characters.
#' @param nid Whether lines show the sign and size of the weights; `FALSE` draws all alike.
#' @param all_out,all_in The outputs and the inputs, by name, whose connections to draw.
#' @param bias Whether to draw the bias units.
#' @param rel_rsc The ratio of the largest to the smallest line width; or both widths.
#' @param circle_cex,cex_val Sizes of circles and of text; they are reduced for large layers.
#' @param node_labs,var_labs Whether to label the circles with I1, H1, O1, and to write the variable names beside them.
#' @param alpha_val Opacity of the lines, 0 to 1.
#' @param circle_col,pos_col,neg_col,bord_col Colours of the circles (in a list of two, the first is for the inputs, one
#'   or one for each of them), of positive and negative weights, and of the circles' borders.
#' @param max_sp Whether each layer fills the full height; by default units have the same spacing in all layers.
#' @param prune_col,prune_lty Colour and line type of pruned weights, which are those fixed at 0 by `mask`; by default
#'   they are not drawn.
#' @param skip `TRUE` draws only the skip layer, `FALSE` only the other weights; by default both.
#'
#' @return A ggplot. A layer of more than 25 units needs a height of a fifth of an inch per unit.
#' @section Errors: `tidydl_error_argument`, `tidydl_error_dependency` without ggplot2.
#' @source Beck (2018), NeuralNetTools, *Journal of Statistical Software* 85(11).
#' @examplesIf requireNamespace("ggplot2", quietly = TRUE) && tidydl:::python_ready()
#' plotnet(nnet(Species ~ ., iris, size = 2, trace = FALSE))
#' @export
plotnet <- function(mod_in, x_names = NULL, y_names = NULL, nid = TRUE, all_out = TRUE, all_in = TRUE, bias = TRUE,
                    rel_rsc = 5, circle_cex = 5, node_labs = TRUE, var_labs = TRUE, cex_val = 1, alpha_val = 1,
                    circle_col = "lightblue", pos_col = "black", neg_col = "grey", bord_col = "lightblue",
                    max_sp = FALSE, prune_col = NULL, prune_lty = "dashed", skip = NULL) {
  node_labs <- check_flag("node_labs", node_labs)
  var_labs <- check_flag("var_labs", var_labs)
  alpha_val <- check_number("alpha_val", alpha_val, 0, 1)
  need_package("ggplot2", "plotnet()")
  check_network("mod_in", mod_in, with_weights = TRUE)
  prune_lty <- check_choice("prune_lty", prune_lty, line_types)
  weights <- network_weights(mod_in)
  layout <- call_python("network_layout", list(
    n = weights$n, wts = weights$wts, has_skip = weights$skip, mask = I(as.double(network_mask(mod_in))),
    inputs = I(if (is.null(x_names)) weights$inputs else as.character(x_names)),
    outputs = I(if (is.null(y_names)) weights$outputs else as.character(y_names)),
    skip = skip, nid = nid, bias = bias, all_in = as_list(all_in), all_out = as_list(all_out), rel_rsc = rel_rsc,
    circle_cex = circle_cex, cex_val = cex_val, circle_col = lapply(as_list(circle_col), as_list), pos_col = pos_col,
    neg_col = neg_col, prune_col = prune_col, max_sp = max_sp
  ))
  picture <- draw_network(layout, c(pruned = prune_lty, skip = "longdash", plain = "solid"), alpha_val, bord_col)
  label_network(picture, layout, node_labs, var_labs)
}

line_types <- c("solid", "dashed", "dotted", "dotdash", "longdash", "twodash")

network_mask <- function(x) {
  mask <- x$tidydl$mask
  # package nnet keeps no mask; in its multinomial models the weights at 0 are the fixed ones
  if (!is.null(mask)) mask else !inherits(x, "multinom") | x$wts != 0
}

draw_network <- function(layout, types, alpha, border) {
  lines <- layout$lines
  limits <- layout$limits
  picture <- ggplot2::ggplot()
  for (kind in names(types)) {
    of_kind <- lines[lines$kind == kind, ]
    ends <- ggplot2::aes(.data$x, .data$y, xend = .data$xend, yend = .data$yend, colour = .data$colour)
    if (nrow(of_kind)) {
      picture <- picture + line_layer(
        ggplot2::geom_segment, of_kind$points, ends, of_kind, alpha = alpha, linetype = types[[kind]], lineend = "butt"
      )
    }
  }
  picture +
    ggplot2::geom_point(
      ggplot2::aes(.data$x, .data$y, fill = .data$fill), layout$nodes, size = point_size(layout$diameter),
      colour = border, shape = 21
    ) +
    ggplot2::scale_colour_identity() +
    ggplot2::scale_fill_identity() +
    ggplot2::coord_cartesian(
      xlim = c(limits$low[[1]], limits$high[[1]]), ylim = c(limits$low[[2]], limits$high[[2]]), expand = FALSE
    ) +
    ggplot2::theme_void() +
    on_white()
}

# Writes the units' labels into the circles and their names beside them.
label_network <- function(picture, layout, node_labs, var_labs) {
  nodes <- layout$nodes
  written <- function(mapping, nodes, points, ...) {
    ggplot2::geom_text(mapping, nodes, size = points / ggplot2::.pt, ...)
  }
  if (node_labs) {
    picture <- picture + written(ggplot2::aes(.data$x, .data$y, label = .data$label), nodes, layout$label_size)
  }
  if (var_labs) {
    named <- ggplot2::aes(.data$x, .data$y, label = .data$name)
    beside <- function(layer, hjust, nudge) {
      written(named, nodes[nodes$layer == layer, ], layout$name_size, hjust = hjust, nudge_x = nudge)
    }
    picture <- picture + beside("input", 1, -layout$name_gap) + beside("output", 0, layout$name_gap)
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
