package io.github.lamb4j.tools.train;

import java.util.Arrays;

/**
 * The quality of predictions.
 *
 * @param accuracy the fraction of examples whose class was predicted
 * @param macroF1 the unweighted mean over classes of F1 = 2 TP / (2 TP + FP + FN); F1 is 0 for a
 *     class that neither occurs nor is predicted
 */
public record Scores(double accuracy, double macroF1) {

  /** Compares predictions with labels; both are less than {@code classes}. */
  public static Scores of(int[] predicted, int[] labels, int classes) {
    int[] hits = new int[classes];
    int[] claims = new int[classes];
    int[] members = new int[classes];
    int correct = 0;
    for (int i = 0; i < labels.length; i++) {
      claims[predicted[i]]++;
      members[labels[i]]++;
      if (predicted[i] == labels[i]) {
        hits[labels[i]]++;
        correct++;
      }
    }
    double sum = 0;
    for (int c = 0; c < classes; c++) {
      sum += hits[c] == 0 ? 0 : 2.0 * hits[c] / (claims[c] + members[c]);
    }
    return new Scores((double) correct / labels.length, sum / classes);
  }

  /** The scores of always predicting the most frequent class in {@code counts}. */
  public static Scores ofMajority(int[] counts, int[] labels) {
    int majority = 0;
    for (int c = 1; c < counts.length; c++) {
      if (counts[c] > counts[majority]) {
        majority = c;
      }
    }
    int[] predicted = new int[labels.length];
    Arrays.fill(predicted, majority);
    return of(predicted, labels, counts.length);
  }
}
