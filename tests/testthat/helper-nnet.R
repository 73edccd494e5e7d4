# Package nnet's own nnet(). In a test nnet::nnet() would find our methods, which stand in the tests' surroundings.
their_nnet <- function(...) {
  frame <- parent.frame()
  arguments <- as.list(match.call(expand.dots = FALSE)$...)
  is_formula <- inherits(eval(arguments[[1L]], frame), "formula")
  method <- utils::getFromNamespace(if (is_formula) "nnet.formula" else "nnet.default", "nnet")
  eval(as.call(c(method, arguments)), frame)
}
