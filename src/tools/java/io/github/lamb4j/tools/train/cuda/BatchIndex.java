package io.github.lamb4j.tools.train.cuda;

import java.util.Arrays;

/**
 * For every batch of an epoch, its buckets and where they occur. With it, one thread can sum all
 * gradients of an embedding in the order of the batch; adding them as they occur would need
 * atomics, whose order, and so the rounding, changes from run to run.
 */
final class BatchIndex {

  /** The buckets of the first batch in ascending order, then those of the next batch. */
  final int[] buckets;

  /** The place in {@link #positions} of each bucket's first occurrence, and the end of the last. */
  final int[] starts;

  /** The place in its batch of the example of each occurrence, ascending for each bucket. */
  final int[] positions;

  private final int batchSize;

  /** The place in {@link #buckets} of each batch's first bucket, and the end of the last batch. */
  private final int[] firstRows;

  /** Number of rows and of occurrences so far. */
  private int rows;

  private int occurrences;

  BatchIndex(int[][] tokens, int[] order, int batchSize, int bucketCount) {
    this.batchSize = batchSize;
    int total = Arrays.stream(tokens).mapToInt(example -> example.length).sum();
    buckets = new int[total];
    starts = new int[total + 1];
    positions = new int[total];
    firstRows = new int[(order.length + batchSize - 1) / batchSize + 1];
    int[] ends = new int[bucketCount];
    for (int batch = 0; batch < firstRows.length - 1; batch++) {
      int from = batch * batchSize;
      addBatch(tokens, order, from, Math.min(order.length, from + batchSize), ends);
      firstRows[batch + 1] = rows;
    }
  }

  /**
   * A counting sort of the batch's occurrences by bucket. {@code ends} is all zero, and restored.
   */
  private void addBatch(int[][] tokens, int[] order, int from, int to, int[] ends) {
    for (int i = from; i < to; i++) {
      for (int token : tokens[order[i]]) {
        ends[token]++;
      }
    }
    for (int bucket = 0; bucket < ends.length; bucket++) {
      if (ends[bucket] > 0) {
        int count = ends[bucket];
        ends[bucket] = occurrences;
        occurrences += count;
        buckets[rows++] = bucket;
        starts[rows] = occurrences;
      }
    }
    for (int i = from; i < to; i++) {
      for (int token : tokens[order[i]]) {
        positions[ends[token]++] = i - from;
      }
    }
    Arrays.fill(ends, 0);
  }

  /** The number of rows of all batches. */
  int rowCount() {
    return rows;
  }

  /** The first row of the batch that starts at this place of the order. */
  int firstRow(int from) {
    return firstRows[from / batchSize];
  }

  /** The number of different buckets in the batch that starts at this place of the order. */
  int rows(int from) {
    return firstRows[from / batchSize + 1] - firstRow(from);
  }
}
