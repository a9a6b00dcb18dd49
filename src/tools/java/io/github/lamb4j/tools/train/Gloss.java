package io.github.lamb4j.tools.train;

/**
 * One example: what WordNet writes after the bar of a synset, and the synset's lexicographer class.
 *
 * @param label the class, 0 to 44
 * @param text the definition and its quoted examples; no lemma, part of speech or pointer
 */
public record Gloss(int label, String text) {}
