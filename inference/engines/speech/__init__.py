"""Speech into text: many people's clips on one device, their windows decoded together.

The engine is `inference.engines.speech.engine.SpeechEngine`. In the order of a clip's life: `preparation` (bytes →
sound → where somebody speaks → mel), `clip` (how far it is), `models` (which models are in memory), `backends` (what
decodes a window), `windows` (tokens → segments and where the next window starts), `words` (when each was said),
`hallucination` (no invented text), `results` (what is handed back). `fetch` gets real weights for a first run.

Knows: whisper, CTranslate2, mel spectrograms, voice activity. Does not know: pictures, jobs in SQL, credits, Discord.
"""
