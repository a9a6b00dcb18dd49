package io.github.lamb4j.tools.train;

/**
 * One example: the gloss of a WordNet synset and the synset's lexicographer class.
 *
 * @param label the class, 0 to 44
 * @param text the definition and its quoted examples, without lemmas, part of speech and pointers
 */
public record Gloss(int label, String text) {}
