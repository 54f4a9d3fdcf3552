/** Requirements are worded for whoever must bring them; here somebody else reads. */
export function ofThem(text: string): string {
  const words: Record<string, string> = { your: 'their', yours: 'theirs', yourself: 'themselves', you: 'they' }
  return text.replace(/\b(?:yourself|yours|your|you)\b/g, word => words[word] ?? word)
}
