"""The page at `/`: a form of the model's columns, answers with their reasons, files, the model, its drift."""
