/**
 * A training example on real text: classifies WordNet glosses by lexicographer class with LAMB and
 * AdamW on the CPU. It uses only the optimizer's public API.
 */
package io.github.lamb4j.tools.train;
