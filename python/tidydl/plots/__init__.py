"""Plots: layouts computed once, drawn with plotnine here and with ggplot2 in R."""
