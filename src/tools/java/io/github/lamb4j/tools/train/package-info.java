/**
 * A training run on real text: WordNet glosses into their lexicographer classes, LAMB against
 * AdamW, on the CPU. It uses the public API of the optimizer and nothing else of it.
 */
package io.github.lamb4j.tools.train;
