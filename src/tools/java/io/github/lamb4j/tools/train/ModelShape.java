package io.github.lamb4j.tools.train;

/**
 * The sizes of the classifier.
 *
 * @param buckets the rows of the embedding
 * @param width the width of an embedding
 * @param hidden the width of the hidden layer
 * @param classes the number of classes
 */
public record ModelShape(int buckets, int width, int hidden, int classes) {}
